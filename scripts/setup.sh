# shellcheck shell=bash
# Makes sure that .venv/ fits this checkout; sourced by scripts/localai and scripts/test,
# which set $root. Here is only the check that every call pays for (two short processes,
# no Python); the work itself is in setup_install.sh and setup_llama.sh, read when needed.
#
# All talk goes to stderr. Written for bash 3.2, the one that macOS has.

venv=$root/.venv
stamp=$venv/localai.stamp
newline=$'\n'
state=$root/.setup # lock, log and the name of the scratch folder

say() { printf '%s\n' "$*" >&2; }

die() { # STATUS SENTENCE...
    local status=$1
    shift
    say "$*"
    exit "$status"
}

# Everything an environment is made from. The CPU counts: llama.cpp is compiled for it.
fingerprint() {
    cksum "$root/pyproject.toml" "$root/constraints.txt" "$root"/scripts/setup*.sh
    cpu_features
}

cpu_features() {
    if [ -r /proc/cpuinfo ]; then
        grep -m 1 -E '^(flags|Features|isa)' /proc/cpuinfo || true
    else
        sysctl -n machdep.cpu.brand_string
    fi
}

# The stamp of a finished set-up: three lines (extra, accelerator asked for, CMAKE_ARGS),
# then the fingerprint. Sets have_*; fails when there is no stamp.
read_stamp() {
    have_extra='' have_accel='' have_args='' have_fingerprint=''
    [ -r "$stamp" ] || return 1
    {
        IFS= read -r have_extra
        IFS= read -r have_accel
        IFS= read -r have_args
        IFS= read -r -d '' have_fingerprint
    } <"$stamp" || true # the last read ends at the end of the file, which it reports
}

# Unset variables keep what was chosen before; set ones must agree with it.
is_ready() { # EXTRA
    read_stamp || return 1
    [ -x "$venv/bin/python" ] && [ -x "$venv/bin/localai" ] &&
        { [ -z "$1" ] || [ "$1" = "$have_extra" ]; } &&
        { [ -z "${LOCALAI_ACCEL-}" ] || [ "$LOCALAI_ACCEL" = "$have_accel" ]; } &&
        { [ -z "${CMAKE_ARGS+set}" ] || [ "${CMAKE_ARGS//$newline/ }" = "$have_args" ]; } &&
        [ "$(fingerprint)" = "${have_fingerprint%$newline}" ]
}

ensure_setup() { # EXTRA: "" for running, "dev" for testing, too
    case ${LOCALAI_ACCEL-} in
        '' | auto | cpu | cuda | metal | vulkan) ;;
        *) die 2 "LOCALAI_ACCEL=$LOCALAI_ACCEL is not known; use auto, cpu, cuda, metal or vulkan." ;;
    esac
    is_ready "$1" && return
    # shellcheck source=scripts/setup_install.sh
    . "$root/scripts/setup_install.sh"
    # shellcheck source=scripts/setup_llama.sh
    . "$root/scripts/setup_llama.sh"
    run_setup "$1"
}
