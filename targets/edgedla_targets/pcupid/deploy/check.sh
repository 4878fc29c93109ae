# What a host is asked before anything is copied to it. Leaves nothing behind, and takes away what copies that were
# cut off have left.
# sh -s FOLDER RELEASE
#
# Every line of the answer is `NAME VALUE`. All of the script is read before any of it runs, so that a connection
# that breaks in the middle runs nothing.

say() {
    printf '%s %s\n' "$1" "$2"
}

pointed() { # LINK: the release it leads to
    (cd "$folder/$1" 2>/dev/null && at=$(pwd -P) && printf '%s' "${at##*/}")
}

nearest() { # the folder itself, or the part of its path that there is already
    at=$folder
    until [ -e "$at" ]; do
        case $at in
            /*/*) at=${at%/*} ;;
            /*) at=/ ;;
            */*) at=${at%/*} ;;
            *) at=. ;;
        esac
    done
    printf '%s' "$at"
}

whole() { # FOLDER: by its checksums where the host can count them
    [ -f "$1/SHA256SUMS" ] || return
    command -v sha256sum >/dev/null || return 0
    (cd "$1" && sha256sum -c SHA256SUMS) >/dev/null 2>&1
}

main() {
    folder=$1 release=$2
    say edgedla 1
    say machine "$(uname -m)"
    if [ -n "${EDGEDLA_BOARD-}" ] && [ -S "$EDGEDLA_BOARD" ]; then say board emulated; fi
    for tool in df kill ln ls mkdir mv rm rmdir sleep sync tar uname; do
        command -v "$tool" >/dev/null || say missing "$tool"
    done
    if [ -e "$folder/current" ] && ! [ -h "$folder/current" ]; then say foreign "$folder/current"; fi
    for name in "$folder"/releases/*.partial.*; do
        if [ -d "$name" ] && ! kill -0 "${name##*.}" 2>/dev/null; then rm -rf "$name"; fi
    done
    at=$(nearest)
    if [ -d "$at" ]; then
        df -Pk "$at" | {
            read -r _
            read -r _ _ _ free _
            say free "$free"
        }
        if reason=$(mkdir "$at/.edgedla.$$" 2>&1); then rmdir "$at/.edgedla.$$"; else say unwritable "$reason"; fi
    else
        say unwritable "$at is no folder"
    fi
    say current "$(pointed current)"
    say previous "$(pointed previous)"
    if whole "$folder/releases/$release"; then say there "$release"; fi
    say end 1
}

main "$@" </dev/null
exit
