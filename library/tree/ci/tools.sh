#!/usr/bin/env bash
# Puts helm, kubeconform, kubectl and kubeadm into a folder (default: ~/.local/bin), each checked against its publisher's digest.
set -euo pipefail

helm=v3.19.4 # as Argo CD renders
kubeconform=v0.6.7
kubernetes={{ .Plan.kubernetes.version }}
into=${1:-$HOME/.local/bin}

case $(uname -m) in
  x86_64) arch=amd64 ;;
  aarch64 | arm64) arch=arm64 ;;
  *) echo "tools: no binaries for $(uname -m)" >&2; exit 1 ;;
esac
mkdir -p "$into"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

get() { curl -fsSL --retry 5 --retry-all-errors -O "$1"; }

get "https://get.helm.sh/helm-$helm-linux-$arch.tar.gz"
get "https://get.helm.sh/helm-$helm-linux-$arch.tar.gz.sha256sum"
sha256sum --check --quiet "helm-$helm-linux-$arch.tar.gz.sha256sum"
tar -xzf "helm-$helm-linux-$arch.tar.gz"
install -m 0755 "linux-$arch/helm" "$into/helm"

get "https://github.com/yannh/kubeconform/releases/download/$kubeconform/kubeconform-linux-$arch.tar.gz"
get "https://github.com/yannh/kubeconform/releases/download/$kubeconform/CHECKSUMS"
sha256sum --check --quiet --ignore-missing CHECKSUMS
tar -xzf "kubeconform-linux-$arch.tar.gz" kubeconform
install -m 0755 kubeconform "$into/kubeconform"

for tool in kubectl kubeadm; do
  get "https://dl.k8s.io/release/$kubernetes/bin/linux/$arch/$tool"
  get "https://dl.k8s.io/release/$kubernetes/bin/linux/$arch/$tool.sha256"
  echo "$(cat "$tool.sha256")  $tool" | sha256sum --check --quiet
  install -m 0755 "$tool" "$into/$tool"
done
echo "helm $helm, kubeconform $kubeconform, kubectl and kubeadm $kubernetes are in $into"
