#!/usr/bin/env bash
# Gives the etcd member of a control plane the content of a snapshot. Run it on every control plane with the same snapshot, all of them
# stopped (runbooks/en/etcd.md):
#   ssh MACHINE sudo bash -s -- MACHINE SNAPSHOT < cluster/etcd/restore.sh
# The data directory of before is kept as /var/lib/etcd.before-<time>.
set -euo pipefail

declare -A address=()
{{- range .Plan.controlPlanes }}
address[{{ .name }}]={{ .address }}
{{- end }}
members={{ $members := list }}{{ range .Plan.controlPlanes }}{{ $members = append $members (printf "%s=https://%s:2380" .name .address) }}{{ end }}{{ join "," $members }}

fail() { echo "restore: $*" >&2; exit 1; }

machine=${1:?the name of this machine}
snapshot=${2:?the snapshot on this machine}
[[ ${address[$machine]+x} ]] || fail "$machine is not a control plane of {{ .Plan.name }}: ${!address[*]}"
[[ $machine == "$(hostname)" ]] || fail "this is $(hostname), not $machine"
[[ -f $snapshot ]] || fail "there is no $snapshot"
[[ ! -e /etc/kubernetes/manifests/etcd.yaml ]] || fail "etcd still runs: move its manifest away first"

# etcdutl is not in the image that kubeadm uses; it must be of the same version as etcd.
manifest=/etc/kubernetes/stopped/etcd.yaml
version=$(sed -n 's/.*image: .*etcd:\([0-9.]*\)-.*/\1/p' "$manifest")
[[ $version ]] || fail "$manifest does not say which etcd it runs"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
release=etcd-v$version-linux-$(dpkg --print-architecture)
curl -fsSL --retry 5 -o "$work/$release.tar.gz" "https://github.com/etcd-io/etcd/releases/download/v$version/$release.tar.gz"
curl -fsSL --retry 5 -o "$work/SHA256SUMS" "https://github.com/etcd-io/etcd/releases/download/v$version/SHA256SUMS"
(cd "$work" && sha256sum --check --quiet --ignore-missing SHA256SUMS && tar -xzf "$release.tar.gz" --strip-components=1 "$release/etcdutl")

if [[ -e /var/lib/etcd ]]; then
  mv /var/lib/etcd "/var/lib/etcd.before-$(date -u +%Y%m%dT%H%M%SZ)"
fi
# Revisions go on far above those that clients have seen, so that none of them believes its cache.
"$work/etcdutl" snapshot restore "$snapshot" --data-dir /var/lib/etcd --name "$machine" \
  --initial-cluster "$members" --initial-cluster-token "$(sha256sum <"$snapshot" | cut -c 1-16)" \
  --initial-advertise-peer-urls "https://${address[$machine]}:2380" \
  --bump-revision 1000000000 --mark-compacted
chmod 0700 /var/lib/etcd
echo "restored; put the manifest back when every control plane says so"
