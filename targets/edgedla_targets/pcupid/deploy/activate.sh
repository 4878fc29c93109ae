# Puts one release to work, on the board itself, so that a connection that breaks leaves nothing half done: self-test
# where it lies, the link `current` switched to it, self-test through the link, one prediction. Whatever fails after
# the switch brings the former release back.
# sh -s FOLDER RELEASE KEEP SECONDS PROGRAM IMAGE CLIP [--tensor]
#
# Every line of the answer is `NAME VALUE`; of a program that was run, `PHASE.out LINE`, `PHASE.err LINE` and
# `PHASE.exit STATUS`. All of the script is read before any of it runs.

say() {
    printf '%s %s\n' "$1" "$2"
}

relay() { # NAME FILE: its lines
    while IFS= read -r line || [ -n "$line" ]; do say "$1" "$line"; done <"$2"
}

pointed() { # LINK: the release it leads to
    (cd "$folder/$1" 2>/dev/null && at=$(pwd -P) && printf '%s' "${at##*/}")
}

point() { # LINK RELEASE, or none: in one step, so that whoever looks finds the one or the other
    if [ -z "$2" ]; then
        rm -f "$folder/$1"
        return
    fi
    rm -f "$folder/.$1"
    ln -s "releases/$2" "$folder/.$1" || return
    mv -T "$folder/.$1" "$folder/$1" 2>/dev/null && return
    # This mv knows no -T, and without it would move the link into the folder that the old one leads to.
    rm -f "$folder/.$1" "$folder/$1"
    ln -s "releases/$2" "$folder/$1" && say two-steps "$1"
}

lock() { # one at a time; who left a lock behind and is gone does not count, nor does anybody of before a restart
    boot=
    read -r boot 2>/dev/null </proc/sys/kernel/random/boot_id
    for _ in 1 2 3; do
        ln -s "$$.$boot" "$folder/.lock" 2>/dev/null && return
        holder=$(ls -l "$folder/.lock" 2>/dev/null)
        holder=${holder##* -> }
        [ -n "$holder" ] || continue # given back just now, or nothing can be written
        if [ "${holder#*.}" = "$boot" ] && kill -0 "${holder%%.*}" 2>/dev/null; then
            say locked "${holder%%.*}"
            return 1
        fi
        rm -f "$folder/.lock"
    done
    say unwritable "$folder"
    return 1
}

attempt() { # PHASE COMMAND…: what it says, and its exit status
    phase=$1
    shift
    "$@" >"$scratch/out" 2>"$scratch/err" </dev/null &
    child=$!
    (
        trap 'kill -9 "$!"; exit' TERM # -9: a child that is not yet sleep would take no other
        sleep "$seconds" &
        wait "$!"
        : >"$scratch/late"
        kill -9 "$child"
    ) >/dev/null 2>&1 </dev/null &
    watch=$!
    wait "$child"
    status=$?
    kill "$watch" 2>/dev/null
    wait "$watch" 2>/dev/null
    if [ -e "$scratch/late" ]; then say "$phase.late" "$seconds"; fi
    relay "$phase.out" "$scratch/out"
    relay "$phase.err" "$scratch/err"
    say "$phase.exit" "$status"
    return "$status"
}

agrees() { # whether what was said last is TAP, whole, and all of it ok
    plan='' good=0
    while IFS= read -r line; do
        case $line in
            1..*) plan=${line#1..} ;;
            'ok '*) good=$((good + 1)) ;;
            'not ok '* | 'Bail out!'*) return 1 ;;
        esac
    done <"$scratch/out"
    [ "$good" -gt 0 ] && [ "${plan%% *}" = "$good" ]
}

prove() { # PHASE FOLDER: the program's own test
    attempt "$1" "$2/$program" --self-test -m "$2/$image" --golden "$2/golden" && agrees
}

predict() {
    [ -n "$clip" ] || return 0
    attempt run "$folder/current/$program" -i "$folder/current/$clip" -m "$folder/current/$image" -t 0 -k 3 --json $tensor
}

back() {
    if point current "$current" && point previous "$previous"; then say rolled-back 1; else say stuck 1; fi
}

tidy() { # keep the last releases of the history, which needs no clock, and those that a link leads to
    total=0
    while read -r name; do
        case $name in "$release" | *[!0-9a-f]* | '') continue ;; esac
        if [ -d "$folder/releases/$name" ]; then printf '%s\n' "$name"; fi
    done <"$folder/history" >"$scratch/history"
    printf '%s\n' "$release" >>"$scratch/history"
    mv "$scratch/history" "$folder/history"
    while read -r _; do total=$((total + 1)); done <"$folder/history"
    former=$(pointed previous)
    while read -r name; do
        if [ "$total" -gt "$keep" ] && [ "$name" != "$release" ] && [ "$name" != "$former" ]; then
            discard "$folder/releases/$name"
            total=$((total - 1))
        fi
    done <"$folder/history"
}

discard() { # under another name first: half a release never has the name of a whole one
    mv "$1" "$1.partial.$$" && rm -rf "$1.partial.$$"
}

work() {
    current=$(pointed current)
    previous=$(pointed previous)
    if ! [ -f "$folder/releases/$release/SHA256SUMS" ]; then
        say gone "$release"
        return
    fi
    prove in-place "$folder/releases/$release" || return
    if [ "$current" != "$release" ]; then
        if ! { { [ -z "$current" ] || point previous "$current"; } && point current "$release"; }; then
            say unwritable "$folder"
            back
            return
        fi
        sync
    fi
    if prove linked "$folder/current" && predict; then
        tidy
        say done 1
    elif [ "$current" != "$release" ]; then
        back
    fi
}

main() {
    folder=$1 release=$2 keep=$3 seconds=$4 program=$5 image=$6 clip=$7 tensor=${8-}
    trap '' HUP INT PIPE # the connection may break: this goes on to its end
    say edgedla 1
    lock || {
        say end 1
        return
    }
    scratch=$folder/.scratch
    trap 'rm -rf "$scratch" "$folder/.lock"' EXIT
    rm -rf "$scratch"
    if mkdir "$scratch"; then work; else say unwritable "$scratch"; fi
    say current "$(pointed current)"
    say previous "$(pointed previous)"
    say end 1
}

main "$@" </dev/null
exit
