{{/* Helpers of the output repository. Nothing here is written; `include` takes it into the other files. */}}

{{/* Arguments of a control plane component: a map in kubeadm v1beta3, a list from v1beta4 on.
     Takes {api, args}. */}}
{{- define "tree.args" -}}
{{- $lines := list }}
{{- range $name, $value := .args }}
{{- if eq $.api "v1beta3" }}
{{- $lines = append $lines (printf "%s: %q" $name (toString $value)) }}
{{- else }}
{{- $lines = append $lines (printf "- name: %s\n  value: %q" $name (toString $value)) }}
{{- end }}
{{- end }}
{{- join "\n" $lines }}
{{- end -}}

{{/* nodeRegistration of a machine. Takes {Plan, Machine}. Taints are set by the kubelet as it registers, so that nothing is
     scheduled before they hold; labels are not, see cluster/nodes.yaml. */}}
{{- define "tree.nodeRegistration" -}}
name: {{ .Machine.name }}
criSocket: unix:///run/containerd/containerd.sock
imagePullPolicy: IfNotPresent
kubeletExtraArgs:
  {{- include "tree.args" (dict "api" .Plan.kubernetes.kubeadmApi "args" (dict "node-ip" .Machine.address)) | nindent 2 }}
{{- if .Machine.taints }}
taints:
  {{- range .Machine.taints }}
  - key: {{ .key }}
    {{- if get . "value" }}
    value: {{ .value | quote }}
    {{- end }}
    effect: {{ .effect }}
  {{- end }}
{{- else }}
taints: []
{{- end }}
{{- end -}}

{{/* The image of a component of the bill of materials, the first one in the order of their names.
     Takes {Plan, name}. */}}
{{- define "tree.image" -}}
{{- $found := "" }}
{{- range .Plan.components }}
{{- if eq .name $.name }}
{{- range $key, $image := .images }}
{{- if not $found }}{{ $found = $image }}{{ end }}
{{- end }}
{{- end }}
{{- end }}
{{- required (printf "the bill of materials names no image for %s" .name) $found }}
{{- end -}}

{{/* The kube-vip static pod. Takes {Plan, Machine, kubeconfig}: kubeconfig is the file on the machine that it uses. */}}
{{- define "tree.kubeVip" -}}
apiVersion: v1
kind: Pod
metadata:
  name: kube-vip
  namespace: kube-system
  labels:
    app.kubernetes.io/name: kube-vip
    component: kube-vip
    tier: control-plane
spec:
  hostNetwork: true
  priorityClassName: system-node-critical
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  # The API server on this very machine: the address cannot depend on itself.
  hostAliases:
    - ip: 127.0.0.1
      hostnames: [kubernetes]
  containers:
    - name: kube-vip
      image: {{ include "tree.image" (dict "Plan" .Plan "name" "kube-vip") }}
      imagePullPolicy: IfNotPresent
      args: [manager]
      env:
        - name: vip_arp
          value: "true"
        - name: port
          value: {{ .Plan.network.apiServer.port | quote }}
        - name: vip_nodename
          valueFrom:
            fieldRef:
              fieldPath: spec.nodeName
        - name: vip_interface
          value: {{ .Plan.network.interface }}
        - name: vip_subnet
          value: "32"
        - name: dns_mode
          value: first
        - name: cp_enable
          value: "true"
        - name: cp_namespace
          value: kube-system
        - name: svc_enable
          value: "false" # MetalLB owns the addresses of Services
        - name: vip_leaderelection
          value: "true"
        - name: vip_leasename
          value: plndr-cp-lock
        - name: vip_leaseduration
          value: "15"
        - name: vip_renewdeadline
          value: "10"
        - name: vip_retryperiod
          value: "2"
        - name: lb_enable
          value: "false" # IPVS load balancing does not go together with Cilium
        - name: address
          value: {{ .Plan.network.apiServer.address }}
        - name: prometheus_server
          value: {{ .Machine.address }}:2112
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          add: [NET_ADMIN, NET_RAW]
          drop: [ALL]
      resources:
        requests:
          cpu: 20m
          memory: 64Mi
        limits:
          memory: 128Mi
      volumeMounts:
        - name: kubeconfig
          mountPath: /etc/kubernetes/admin.conf
          readOnly: true
  volumes:
    - name: kubeconfig
      hostPath:
        path: {{ .kubeconfig }}
        type: File
{{- end -}}

{{/* The host of a machine. Gives JSON. Takes {Plan, Machine}. */}}
{{- define "tree.host" -}}
{{- range .Plan.hosts }}
{{- if eq .name $.Machine.host }}{{ toJson . }}{{ end }}
{{- end }}
{{- end -}}

{{/* Host threads of a machine. Gives JSON: {first, host}: the first thread that is the machine's own, and the number of threads
     at the beginning that are left to the host; first is -1 where the machines want more threads than the host has,
     so that nothing can be pinned. Takes {Plan, Machine}. */}}
{{- define "tree.threads" -}}
{{- $host := include "tree.host" . | fromJson }}
{{- $wanted := 0 }}
{{- range .Plan.machines }}
{{- if eq .host $host.name }}{{ $wanted = add $wanted .cores }}{{ end }}
{{- end }}
{{- $spare := sub $host.cores $wanted }}
{{- $next := $spare }}
{{- $first := -1 }}
{{- range .Plan.machines }}
{{- if eq .host $host.name }}
{{- if eq .name $.Machine.name }}{{ $first = $next }}{{ end }}
{{- $next = add $next .cores }}
{{- end }}
{{- end }}
{{- if lt (int $spare) 0 }}{{ $first = -1 }}{{ end }}
{{- dict "first" $first "host" $spare | toJson }}
{{- end -}}

{{/* A UUID made of a text, the same at every build. Takes the text. */}}
{{- define "tree.uuid" -}}
{{- $h := sha256sum . }}
{{- printf "%s-%s-5%s-8%s-%s" (substr 0 8 $h) (substr 8 12 $h) (substr 13 16 $h) (substr 17 20 $h) (substr 20 32 $h) }}
{{- end -}}

{{/* Prefix length of the machines' network. Takes {Plan}. */}}
{{- define "tree.prefixLength" -}}
{{- index (splitList "/" .Plan.network.nodes) 1 }}
{{- end -}}

{{/* A path inside the Git repository. Takes {Plan, path}. */}}
{{- define "tree.path" -}}
{{- if .Plan.git.path }}{{ trimSuffix "/" .Plan.git.path }}/{{ end }}{{ .path }}
{{- end -}}

{{/* Namespace of Argo CD. Takes {Plan}. */}}
{{- define "tree.argocdNamespace" -}}
{{- $found := "argocd" }}
{{- range .Plan.components }}
{{- if has .name (list "argocd" "argo-cd") }}{{ $found = .namespace }}{{ end }}
{{- end }}
{{- $found }}
{{- end -}}

{{/* The wave of the stores: after every component. Takes {Plan}. */}}
{{- define "tree.storeWave" -}}
{{- $wave := 0 }}
{{- range .Plan.components }}
{{- $wave = max $wave .wave }}
{{- end }}
{{- add1 $wave }}
{{- end -}}

{{/* The loosest Pod Security level that any of the components in a namespace needs. Takes {Plan, namespace}. */}}
{{- define "tree.podSecurity" -}}
{{- $level := "restricted" }}
{{- range .Plan.components }}
{{- if and (eq .namespace $.namespace) (eq (include "tree.inCluster" .) "true") }}
{{- if eq .podSecurity "privileged" }}{{ $level = "privileged" }}{{ end }}
{{- if and (eq .podSecurity "baseline") (eq $level "restricted") }}{{ $level = "baseline" }}{{ end }}
{{- end }}
{{- end }}
{{- $level }}
{{- end -}}

{{/* "true" where Argo CD installs the component: there is a chart for it. A static pod must run before there is a cluster.
     Takes a component. */}}
{{- define "tree.inCluster" -}}
{{- .installed }}
{{- end -}}

{{/* MiB that ZFS may cache in a machine with a data disk: what the plan says, else a 32nd of its memory, 512 MiB to 8 GiB.
     Databases cache their own pages, so this is for metadata and logs. Takes {Machine}. */}}
{{- define "tree.zfsCacheMi" -}}
{{- if not (get .Machine "dataDiskGi") }}0
{{- else }}{{ get .Machine "zfsCacheMi" | default (min 8192 (max 512 (div .Machine.memoryMi 32))) }}
{{- end }}
{{- end -}}

{{/* Where Argo CD finds a chart or its rendered manifests. Takes {Plan, path (of the chart), rendered (folder under rendered/),
     release, values (list; empty: the chart's own)}. */}}
{{- define "tree.source" -}}
repoURL: {{ .Plan.git.url | quote }}
targetRevision: {{ .Plan.git.revision }}
{{- if eq .Plan.delivery "rendered" }}
path: {{ include "tree.path" (dict "Plan" .Plan "path" (printf "rendered/%s" .rendered)) }}
directory:
  recurse: true
{{- else }}
path: {{ include "tree.path" (dict "Plan" .Plan "path" .path) }}
helm:
  releaseName: {{ .release }}
  {{- with .values }}
  valueFiles:
    {{- range . }}
    - {{ . }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The Application of a component. Takes {Plan, Component}. */}}
{{- define "tree.componentApplication" -}}
# {{ .Component.title }}
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: {{ .Component.name }}
  namespace: {{ include "tree.argocdNamespace" . }}
  labels:
    app.kubernetes.io/part-of: {{ .Plan.name }}
    storeyard.io/layer: {{ .Component.layer }}
  annotations:
    argocd.argoproj.io/sync-wave: {{ .Component.wave | quote }}
    argocd.argoproj.io/compare-options: ServerSideDiff=true
    # A component that leaves the spec is removed only after a person has confirmed it.
    argocd.argoproj.io/sync-options: Prune=confirm,Delete=confirm
  finalizers:
    - resources-finalizer.argocd.argoproj.io
spec:
  project: {{ .Component.layer }}
  source:
    {{- include "tree.source" (dict "Plan" .Plan "path" .Component.path "rendered" .Component.path
      "release" .Component.name "values" (list)) | nindent 4 }}
  destination:
    server: https://kubernetes.default.svc
    namespace: {{ .Component.namespace }}
  revisionHistoryLimit: 5
  syncPolicy:
    automated:
      prune: true
      selfHeal: true
    syncOptions:
      {{- range uniq (concat (list "ServerSideApply=true") .Component.syncOptions) }}
      - {{ . }}
      {{- end }}
    retry:
      limit: 10
      backoff:
        duration: 15s
        factor: 2
        maxDuration: 5m
{{- end -}}

{{/* A component by name, as JSON; {} where the plan has none of that name. Takes {Plan, name}. */}}
{{- define "tree.component" -}}
{{- $found := dict }}
{{- range .Plan.components }}
{{- if eq .name $.name }}{{ $found = . }}{{ end }}
{{- end }}
{{- toJson $found }}
{{- end -}}

{{/* Who does a thing: the component bound to a capability, or the name that is usual for it. Takes {Plan, capability, usual}. */}}
{{- define "tree.provider" -}}
{{- get .Plan.capabilities .capability | default .usual }}
{{- end -}}

{{/* The first control plane, as JSON. Takes {Plan}. */}}
{{- define "tree.first" -}}
{{- $first := index .Plan.controlPlanes 0 }}
{{- range .Plan.controlPlanes }}{{ if .first }}{{ $first = . }}{{ end }}{{ end }}
{{- toJson $first }}
{{- end -}}

{{/* Names of machines, separated by blanks. Takes a list of machines. */}}
{{- define "tree.names" -}}
{{- $names := list }}
{{- range . }}{{ $names = append $names .name }}{{ end }}
{{- join " " $names }}
{{- end -}}

{{/* ---- Command blocks of the runbooks: the same in every language, so they stand here once. ---- */}}

{{- define "run.ssh" -}}
```
{{- range .Plan.hosts }}
Host {{ .name }}
  HostName {{ .address }}
  User root
{{- end }}
{{- range .Plan.machines }}
Host {{ .name }}
  HostName {{ .address }}
  User {{ $.Plan.ssh.user }}
  ProxyJump {{ .host }}
{{- end }}
```
{{- end -}}

{{/* Takes {Plan, Host}. */}}
{{- define "run.host" -}}
```sh
ssh {{ .Host.name }} 'test -c /dev/kvm && zpool status -x {{ .Host.zfs.pool }} && ip -brief link show {{ .Host.bridge }}'
ssh {{ .Host.name }} 'apt-get update && apt-get install -y qemu-system-x86 qemu-utils libvirt-daemon-system cloud-image-utils zfsutils-linux curl rsync'
scp cluster/hosts/{{ .Host.name }}/modprobe-zfs.conf {{ .Host.name }}:/etc/modprobe.d/zfs.conf
ssh {{ .Host.name }} 'sed -n "s/.*zfs_arc_max=//p" /etc/modprobe.d/zfs.conf > /sys/module/zfs/parameters/zfs_arc_max; update-initramfs -u'
rsync -a --delete cluster/ {{ .Host.name }}:/root/{{ .Plan.name }}/cluster/
ssh {{ .Host.name }} bash /root/{{ .Plan.name }}/cluster/hosts/{{ .Host.name }}/create-machines.sh
```
{{- end -}}

{{/* Takes {names}. */}}
{{- define "run.wait" -}}
```sh
for m in {{ .names }}; do
  until ssh -o ConnectTimeout=5 $m cloud-init status --wait; do sleep 10; done
  ssh $m 'kubeadm version -o short && systemctl is-active containerd'
done
```
{{- end -}}

{{/* Takes {Plan, controlPlanes (names), all (names)}. */}}
{{- define "run.files" -}}
```sh
{{- if .controlPlanes }}
for m in {{ .controlPlanes }}; do
  ssh $m 'sudo install -d -m 0755 /etc/kubernetes /etc/kubernetes/manifests && sudo install -d -m 0700 /var/log/kubernetes/audit'
  tar -C cluster -c audit admission | ssh $m 'sudo tar -C /etc/kubernetes -x --no-same-owner'
done
{{- end }}
for m in {{ .all }}; do
  ssh $m 'sudo install -d -m 0755 /etc/kubernetes/patches'
  tar -C cluster/patches/$m -c . | ssh $m 'sudo tar -C /etc/kubernetes/patches -x --no-same-owner'
done
```
{{- end -}}

{{/* Takes {Plan, first}. */}}
{{- define "run.encryption" -}}
```sh
ssh {{ .first }} 'sudo install -d -m 0700 /etc/kubernetes/enc
  sed "s|@KEY1@|$(head -c 32 /dev/urandom | base64 -w 0)|" | sudo install -m 0600 /dev/stdin /etc/kubernetes/enc/enc.yaml' \
  < cluster/encryption/encryption.yaml.example
{{- if .Plan.secrets.ageRecipients }}
mkdir -p secrets
ssh {{ .first }} sudo cat /etc/kubernetes/enc/enc.yaml |
  sops encrypt --input-type yaml --output-type yaml --filename-override secrets/encryption.yaml /dev/stdin > secrets/encryption.yaml
{{- end }}
```
{{- end -}}

{{/* Takes {Plan, first}. */}}
{{- define "run.init" -}}
```sh
ssh {{ .first }} sudo install -m 0600 /dev/stdin /etc/kubernetes/manifests/kube-vip.yaml < cluster/kube-vip/init/{{ .first }}.yaml
ssh {{ .first }} sudo install -m 0600 /dev/stdin /run/kubeadm.yaml < cluster/cluster.yaml
ssh {{ .first }} sudo kubeadm init --config /run/kubeadm.yaml --skip-token-print
ssh {{ .first }} sudo install -m 0600 /dev/stdin /etc/kubernetes/manifests/kube-vip.yaml < cluster/kube-vip/{{ .first }}.yaml
```
{{- end -}}

{{/* Takes {Plan, first}. */}}
{{- define "run.kubeconfig" -}}
```sh
(umask 077; ssh {{ .first }} sudo cat /etc/kubernetes/admin.conf > {{ .Plan.name }}.kubeconfig)
export KUBECONFIG=$PWD/{{ .Plan.name }}.kubeconfig
kubectl get --raw '/readyz?verbose' | tail -1
{{- if .Plan.secrets.ageRecipients }}
ssh {{ .first }} sudo cat /etc/kubernetes/super-admin.conf |
  sops encrypt --input-type yaml --output-type yaml --filename-override secrets/super-admin.yaml /dev/stdin > secrets/super-admin.yaml
sops decrypt secrets/super-admin.yaml | grep -q kubernetes-super-admin && ssh {{ .first }} sudo rm /etc/kubernetes/super-admin.conf
{{- end }}
```
{{- end -}}

{{/* Takes {Plan}. */}}
{{- define "run.namespaces" -}}
```sh
kubectl apply --server-side --force-conflicts --field-manager=argocd-controller -f apps/namespaces.yaml
```
{{- end -}}

{{/* Installs a component by hand exactly as Argo CD will, so that Argo CD takes it over without a change. Takes {Plan, name}. */}}
{{- define "run.component" -}}
{{- $component := include "tree.component" . | fromJson -}}
{{- if $component -}}
```sh
{{- if eq .Plan.delivery "rendered" }}
kubectl apply --server-side --force-conflicts --field-manager=argocd-controller -n {{ $component.namespace }} -R -f rendered/{{ $component.path }}
{{- else }}
helm dependency update {{ $component.path }}
helm template {{ $component.name }} {{ $component.path }} --namespace {{ $component.namespace }} --include-crds --kube-version {{ .Plan.kubernetes.version }} |
  kubectl apply --server-side --force-conflicts --field-manager=argocd-controller -n {{ $component.namespace }} -f -
{{- end }}
```
{{- end }}
{{- end -}}

{{/* A shell function that prints a discovery file with a token of one hour. Takes {Plan, first}. */}}
{{- define "run.discovery" -}}
```sh
discovery() {
  ssh {{ .first }} sudo sh -s <<'EOF'
set -eu
umask 077
file=/run/kubeadm-join.conf
export KUBECONFIG=/etc/kubernetes/admin.conf
token=$(kubeadm token create --ttl 1h --description join)
{
  kubectl config --kubeconfig "$file" set-cluster {{ .Plan.name }} --server=https://{{ .Plan.network.apiServer.endpoint }} \
    --certificate-authority=/etc/kubernetes/pki/ca.crt --embed-certs=true
  kubectl config --kubeconfig "$file" set-credentials join --token="$token"
  kubectl config --kubeconfig "$file" set-context join --cluster={{ .Plan.name }} --user=join
  kubectl config --kubeconfig "$file" use-context join
} >/dev/null
cat "$file"
rm "$file"
EOF
}
```
{{- end -}}

{{/* Takes {Plan, first, machine}. */}}
{{- define "run.joinControlPlane" -}}
```sh
m={{ .machine }}
ssh {{ .first }} sudo tar -C /etc/kubernetes -c pki/ca.crt pki/ca.key pki/sa.key pki/sa.pub pki/front-proxy-ca.crt \
  pki/front-proxy-ca.key pki/etcd/ca.crt pki/etcd/ca.key enc | ssh $m sudo tar -C /etc/kubernetes -x
discovery | ssh $m sudo install -m 0600 /dev/stdin /run/kubeadm-discovery.conf
ssh $m sudo install -m 0600 /dev/stdin /run/kubeadm.yaml < cluster/join/$m.yaml
ssh $m sudo kubeadm join --config /run/kubeadm.yaml
ssh $m sudo rm -f /run/kubeadm-discovery.conf
ssh $m sudo install -m 0600 /dev/stdin /etc/kubernetes/manifests/kube-vip.yaml < cluster/kube-vip/$m.yaml
kubectl wait --for=condition=Ready node/$m --timeout=5m
```
{{- end -}}

{{/* Takes {Plan, machine}. */}}
{{- define "run.joinWorker" -}}
```sh
m={{ .machine }}
discovery | ssh $m sudo install -m 0600 /dev/stdin /run/kubeadm-discovery.conf
ssh $m sudo install -m 0600 /dev/stdin /run/kubeadm.yaml < cluster/join/$m.yaml
ssh $m sudo kubeadm join --config /run/kubeadm.yaml
ssh $m sudo rm -f /run/kubeadm-discovery.conf
kubectl wait --for=condition=Ready node/$m --timeout=5m
```
{{- end -}}

{{- define "run.labels" -}}
```sh
kubectl apply --server-side --field-manager=storeyard -f cluster/nodes.yaml
kubectl get nodes --show-labels
```
{{- end -}}

{{/* Takes {Plan}. */}}
{{- define "run.repository" -}}
{{- $namespace := include "tree.argocdNamespace" . -}}
```sh
{{- if hasPrefix "ssh://" .Plan.git.url }}
kubectl -n {{ $namespace }} create secret generic repository --from-literal=type=git --from-literal=url={{ .Plan.git.url }} --from-file=sshPrivateKey=deploy.key
{{- else }}
read -rs -p 'Git token: ' token
kubectl -n {{ $namespace }} create secret generic repository --from-literal=type=git --from-literal=url={{ .Plan.git.url }} --from-literal=username=git --from-literal=password="$token"
unset token
{{- end }}
kubectl -n {{ $namespace }} label secret repository argocd.argoproj.io/secret-type=repository
```
{{- end -}}

{{/* Takes {Plan}. */}}
{{- define "run.root" -}}
{{- $namespace := include "tree.argocdNamespace" . -}}
```sh
kubectl apply --server-side --force-conflicts --field-manager=argocd-controller -f apps/projects/root.yaml -f apps/root.yaml
kubectl -n {{ $namespace }} get applications -L storeyard.io/layer --sort-by=.metadata.name
```
{{- end -}}

{{/* etcdctl inside the etcd pod of a control plane. Takes {machine, command}. */}}
{{- define "run.etcdctl" -}}
kubectl -n kube-system exec etcd-{{ .machine }} -- etcdctl --endpoints=https://127.0.0.1:2379 --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/healthcheck-client.crt --key=/etc/kubernetes/pki/etcd/healthcheck-client.key {{ .command }}
{{- end -}}

{{/* An image as one text. Takes {repository, tag, digest}, or a text already. */}}
{{- define "tree.imageText" -}}
{{- if kindIs "string" . }}{{ . }}
{{- else }}{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}
{{- end -}}
