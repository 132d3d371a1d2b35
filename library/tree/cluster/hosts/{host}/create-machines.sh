#!/usr/bin/env bash
# Makes the virtual machines of {{ .Host.name }}. Run on {{ .Host.name }} as root, from a checkout of this repository or a copy of cluster/:
#   cluster/hosts/{{ .Host.name }}/create-machines.sh [MACHINE...]
# Without names: all of them. What exists is left alone, so it can be run again after it was interrupted.
# Needs: qemu-kvm, libvirt, qemu-utils, cloud-image-utils, zfsutils-linux, curl, and the bridge {{ .Host.bridge }}.
set -euo pipefail

pool={{ .Host.zfs.pool }}
images=/var/lib/libvirt/images/{{ .Plan.name }}
image_url={{ .Plan.vmImage.url }}
image_sha256={{ with get .Plan.vmImage "sha256" }}{{ . }}{{ end }} # empty: checked against SHA256SUMS beside the image
cluster=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
image=$images/${image_url##*/}

# root and data disk of each machine in GiB; 0: none
declare -A root=() data=()
machines=()
{{- range .Plan.machines }}
{{- if eq .host $.Host.name }}
machines+=({{ .name }}); root[{{ .name }}]={{ .diskGi }}; data[{{ .name }}]={{ with get . "dataDiskGi" }}{{ . }}{{ else }}0{{ end }}
{{- end }}
{{- end }}

fail() { echo "create-machines: $*" >&2; exit 1; }

fetch_image() {
  [[ -f $image ]] && return
  install -d -m 0755 "$images"
  local expected=$image_sha256
  if [[ -z $expected ]]; then
    expected=$(curl -fsSL --retry 5 "${image_url%/*}/SHA256SUMS" | awk -v f="${image_url##*/}" '$2 == f || $2 == "*" f {print $1}')
    [[ $expected ]] || fail "no digest of ${image_url##*/} in ${image_url%/*}/SHA256SUMS; set vmImage.sha256 in the spec"
  fi
  curl -fL --retry 5 -o "$image.part" "$image_url"
  echo "$expected  $image.part" | sha256sum --check --quiet || { rm -f "$image.part"; fail "$image_url is not what its digest says"; }
  mv "$image.part" "$image"
}

# A zvol is made under another name and renamed when it is whole: an interrupted copy is never taken for a disk.
create_root() { # machine
  local volume=$pool/machines/$1-root
  zfs list "$volume" >/dev/null 2>&1 && return
  zfs destroy "$volume.part" 2>/dev/null || true
  zfs create -s -V "${root[$1]}G" -o volblocksize=16k -o compression=lz4 "$volume.part"
  udevadm settle
  qemu-img convert -n -f qcow2 -O raw "$image" "/dev/zvol/$volume.part"
  zfs rename "$volume.part" "$volume"
}

# The machine has its own ZFS on it, with its own cache: here only metadata is kept in memory.
create_data() { # machine
  local volume=$pool/machines/$1-data
  ((data[$1] > 0)) || return 0
  zfs list "$volume" >/dev/null 2>&1 && return
  zfs create -s -V "${data[$1]}G" -o volblocksize=16k -o compression=off -o primarycache=metadata "$volume"
}

create() { # machine
  local machine=$1 from=$cluster/machines/$1
  [[ ${root[$machine]+x} ]] || fail "$machine is not a machine of {{ .Host.name }}: ${machines[*]}"
  if virsh dominfo "$machine" >/dev/null 2>&1; then
    echo "$machine exists"
    return
  fi
  create_root "$machine"
  create_data "$machine"
  udevadm settle
  cloud-localds --network-config="$from/network-config" "$images/$machine-seed.iso" "$from/user-data" "$from/meta-data"
  virsh define --validate "$from/domain.xml"
  virsh autostart "$machine"
  virsh start "$machine"
}

[[ $EUID -eq 0 ]] || fail "must be run as root"
ip link show {{ .Host.bridge }} >/dev/null 2>&1 || fail "there is no bridge {{ .Host.bridge }}"
zpool list "$pool" >/dev/null || fail "there is no pool $pool"
fetch_image
zfs list "$pool/machines" >/dev/null 2>&1 || zfs create -o mountpoint=none "$pool/machines"
for machine in "${@:-${machines[@]}}"; do
  create "$machine"
done
