# sh -c THIS edgedla FOLDER RELEASE <ARCHIVE. Short: some servers take 1 kB for a command, and none needs comments.
final=$1/releases/$2
new=$final.partial.$$
trap 'rm -rf "$new"' EXIT
trap 'exit 1' HUP INT TERM PIPE
whole() {
    [ -f "$final/SHA256SUMS" ] || return
    command -v sha256sum || return 0
    cd "$final" && sha256sum -c SHA256SUMS
}
mkdir -p "$new" && tar -xof - -C "$new" && [ -f "$new/SHA256SUMS" ] || exit 1
sync
(whole) >&2 || { rm -rf "$final" && mv "$new" "$final"; } || exit 1
echo "$2" >>"$1/history"
