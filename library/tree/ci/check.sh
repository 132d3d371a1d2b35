#!/usr/bin/env bash
# What CI does with this repository; the same by hand:
#   ci/check.sh spec      the spec is sound, and this tree is what it builds (needs storeyard)
#   ci/check.sh kubeadm   kubeadm accepts cluster/ (needs kubeadm)
#   ci/check.sh conform   every manifest fits its schema (needs helm, kubeconform)
#   ci/check.sh diff      what the cluster would change (needs helm, kubectl and KUBECONFIG)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

git_path={{ with .Plan.git.path }}{{ . }}{{ else }}""{{ end }} # folder of this tree in the Git repository, as the Applications name it
rendered=.ci-rendered

fail() { echo "check: $*" >&2; exit 1; }

# The folder with storeyard.yaml: $STOREYARD_SPEC, or spec/, or here.
spec_folder() {
  local folder
  for folder in "${STOREYARD_SPEC:-}" spec .; do
    if [[ $folder && -f $folder/storeyard.yaml ]]; then
      echo "$folder"
      return
    fi
  done
  fail "no storeyard.yaml in spec/ or here; say where it is with STOREYARD_SPEC"
}

check_spec() {
  local spec work file changed=0
  spec=$(spec_folder)
  storeyard check "$spec" --format "${STOREYARD_FORMAT:-text}" >"${STOREYARD_REPORT:-/dev/stdout}"
  work=$(mktemp -d)
  storeyard build "$spec" -o "$work"
  while IFS= read -r -d '' file; do
    if ! cmp -s "$work/$file" "$file"; then
      echo "$file is not what the spec builds" >&2
      changed=1
    fi
  done < <(cd "$work" && find . -type f -print0)
  rm -rf "$work"
  ((changed == 0)) || fail "edit the spec, not the tree, and build again"
}

# kubeadm wants the discovery file of a join to exist, which it does only while a machine joins: an empty one stands in for it,
# in a /run of our own where root is not at hand.
check_kubeadm() {
  local discovery=/run/kubeadm-discovery.conf file
  if ((EUID != 0)); then
    # shellcheck disable=SC2016 # for the inner shell to expand
    exec unshare --user --map-root-user --mount bash -c 'mount -t tmpfs none /run && exec "$0" kubeadm' "$PWD/ci/check.sh"
  fi
  if [[ ! -e $discovery ]]; then
    : >"$discovery"
    trap 'rm -f /run/kubeadm-discovery.conf' EXIT
  fi
  for file in cluster/cluster.yaml cluster/join/*.yaml; do
    echo "$file"
    kubeadm config validate --config "$file"
  done
}

# One file of manifests an Application, named after it; $2 is the namespace its objects go to.
each_application() { # command
  local app name path namespace
  for app in apps/infra/*.yaml apps/platform/*.yaml apps/tenants/*.yaml; do
    [[ -f $app ]] || continue
    path=$(sed -n 's/^    path: //p' "$app")
    [[ $path ]] || continue
    [[ $git_path ]] && path=${path#"$git_path/"}
    namespace=$(sed -n 's/^    namespace: //p' "$app")
    name=$(basename "$app" .yaml)
    render "$app" "$path" "$namespace" >"$rendered/$name.yaml"
    "$1" "$rendered/$name.yaml" "$namespace"
  done
}

render() { # application path namespace
  {{- if eq .Plan.delivery "rendered" }}
  : "$1" "$3"
  local file
  while IFS= read -r file; do
    echo ---
    cat "$file"
  done < <(find "$2" -name '*.yaml' | LC_ALL=C sort)
  {{- else }}
  local release values arguments=()
  release=$(sed -n 's/^      releaseName: //p' "$1")
  while IFS= read -r values; do
    arguments+=(--values "$2/$values")
  done < <(sed -n 's/^        - \(.*\.yaml\)$/\1/p' "$1")
  if grep -q '^dependencies:' "$2/Chart.yaml" && [[ ! -d $2/charts ]]; then
    helm dependency build --skip-refresh "$2" >&2 || helm dependency update "$2" >&2
  fi
  helm template "$release" "$2" --namespace "$3" --include-crds --skip-tests \
    --kube-version {{ .Plan.kubernetes.version }} "${arguments[@]}"
  {{- end }}
}

conform() { # file namespace
  echo "$1"
  kubeconform -strict -summary -ignore-missing-schemas -kubernetes-version {{ trimPrefix "v" .Plan.kubernetes.version }} \
    -schema-location default \
    -schema-location 'https://raw.githubusercontent.com/datreeio/CRDs-catalog/main/{{ "{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}" }}.json' \
    "$1"
}

difference() { # file namespace
  local code=0
  echo "== $1"
  kubectl diff --server-side --force-conflicts --field-manager=argocd-controller --namespace "$2" --filename "$1" || code=$?
  ((code <= 1)) || fail "kubectl diff failed for $1"
}

case ${1:-} in
  spec) check_spec ;;
  kubeadm) check_kubeadm ;;
  conform)
    rm -rf "$rendered" && mkdir "$rendered"
    conform apps argocd
    each_application conform
    ;;
  diff)
    rm -rf "$rendered" && mkdir "$rendered"
    each_application difference
    ;;
  *) sed -n '2,6s/^# //p' "$0" >&2; exit 2 ;;
esac
