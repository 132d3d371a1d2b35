module oracle

go 1.26

require sigs.k8s.io/yaml v1.6.0
