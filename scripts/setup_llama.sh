# shellcheck shell=bash
# llama.cpp for this machine: which accelerator, and a compiled wheel that is kept and used
# again until its pin, its options or the CPU change. Sourced by setup.sh.

gpu_device=/dev/nvidia0
cuda_home=${CUDA_HOME:-/usr/local/cuda}
accel=''       # cpu, cuda, metal or vulkan
cmake_flags='' # for the accelerator, before the user's own

# Sets accel and cmake_flags from what was asked for and what the machine has.
choose_accel() { # auto|cpu|cuda|metal|vulkan
    case $1:$(uname -s) in
        auto:Darwin) accel=metal ;;
        auto:*) detect_accel ;;
        cpu:Darwin)
            die 2 "llama.cpp always comes with Metal on macOS; unset LOCALAI_ACCEL, and set" \
                "LOCALAI_ENGINE__GPU_LAYERS=0 to keep models on the CPU."
            ;;
        cuda:Darwin) die 2 "There is no CUDA on macOS; unset LOCALAI_ACCEL to compile for Metal." ;;
        metal:Darwin) accel=metal ;;
        metal:*) die 2 "Metal is for macOS only; unset LOCALAI_ACCEL or use cpu, cuda or vulkan." ;;
        *) accel=$1 ;;
    esac
    case $accel in
        cpu) ;;
        *) cmake_flags=-DGGML_$(printf '%s' "$accel" | tr '[:lower:]' '[:upper:]')=on ;;
    esac
}

detect_accel() {
    accel=cpu
    has_nvidia_gpu || return 0
    if find_nvcc >/dev/null; then
        accel=cuda
    else
        say "This machine has an NVIDIA GPU but no nvcc, so llama.cpp is made for the CPU; to use" \
            "the GPU, install the CUDA toolkit and run LOCALAI_ACCEL=cuda ./scripts/localai doctor."
    fi
}

has_nvidia_gpu() { [ -e "$gpu_device" ] || { has nvidia-smi && nvidia-smi -L >/dev/null 2>&1; }; }

find_nvcc() {
    command -v nvcc || { [ -x "$cuda_home/bin/nvcc" ] && printf '%s\n' "$cuda_home/bin/nvcc"; }
}

# Installs the kept wheel, compiling it first if there is none.
install_llama() { # CMAKE_ARGS OF THE USER
    local pin flags kept wheel
    pin=$(sed -n 's/^llama-cpp-python==//p' "$constraints")
    # LLAVA_BUILD is image input, which localai does not use: a third of the files.
    flags="-DLLAVA_BUILD=off${cmake_flags:+ $cmake_flags}${1:+ $1}"
    kept=$(cache_folder)/wheels/$pin-$accel-$(wheel_key "$flags")
    wheel=$(kept_wheel "$kept")
    if [ -z "$wheel" ]; then
        require_build_tools
        announce_compile "$pin" "$kept"
        step "Compiling llama.cpp" compile_wheel "$pin" "$flags" "$kept"
        wheel=$(kept_wheel "$kept")
    fi
    # Forced: pip takes a build with other options for the same package.
    if has uv; then
        step "Installing llama.cpp" install --no-deps --reinstall "$wheel"
    else
        step "Installing llama.cpp" install --no-deps --force-reinstall "$wheel"
    fi
    llama_wheel=$wheel
}

cache_folder() {
    case ${LOCALAI_HOME-} in
        '') printf '%s\n' "${XDG_CACHE_HOME:-$HOME/.cache}/localai" ;;
        '~' | '~/'*) printf '%s\n' "$HOME${LOCALAI_HOME#\~}/cache" ;;
        /*) printf '%s\n' "$LOCALAI_HOME/cache" ;;
        *) printf '%s\n' "$PWD/$LOCALAI_HOME/cache" ;;
    esac
}

# A wheel fits only where everything that shaped it is the same.
wheel_key() { # FLAGS
    local compiler=''
    if [ "$accel" = cuda ]; then compiler=$("$(find_nvcc)" --version | tail -n 1); fi
    "$venv/bin/python" -c '
import hashlib, platform, sys, sysconfig
parts = [sys.implementation.cache_tag, sysconfig.get_platform(), *platform.libc_ver()]
print(hashlib.sha256("\n".join([*parts, *sys.argv[1:]]).encode()).hexdigest()[:16])
' "$1" "$compiler" "$(uname -m)" "$(cpu_features)"
}

kept_wheel() { # FOLDER
    set -- "$1"/llama_cpp_python-*.whl
    if [ -f "$1" ]; then printf '%s\n' "$1"; fi
}

require_build_tools() {
    local hint="on Debian and Ubuntu: apt install g++ cmake"
    if [ "$(uname -s)" = Darwin ]; then hint="on macOS: xcode-select --install, and brew install cmake"; fi
    has_compiler || die 1 "llama.cpp has to be compiled and there is no C++ compiler; install one ($hint)."
    has cmake || die 1 "llama.cpp has to be compiled and there is no cmake; install it ($hint)."
    if [ "$accel" = cuda ] && ! find_nvcc >/dev/null; then
        die 1 "CUDA needs nvcc, which is not here; install the CUDA toolkit or use LOCALAI_ACCEL=cpu."
    fi
    if [ "$accel" = vulkan ] && ! has glslc; then
        die 1 "Vulkan needs glslc, which is not here; install the Vulkan SDK or use LOCALAI_ACCEL=cpu."
    fi
}

# macOS has a c++ that only offers to install one.
has_compiler() {
    if [ "$(uname -s)" = Darwin ]; then xcode-select -p >/dev/null 2>&1 || return 1; fi
    has "${CXX:-c++}" || has g++ || has clang++
}

announce_compile() { # PIN FOLDER
    local cores name
    cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
    case $accel in
        cpu) name="the CPU" ;;
        cuda) name=CUDA ;;
        metal) name=Metal ;;
        vulkan) name=Vulkan ;;
    esac
    say "Now llama.cpp (llama-cpp-python $1) is compiled for $name: on $cores cores this takes about" \
        "$((8 / cores + 1)) to $((18 / cores + 1)) minutes$([ "$accel" = cpu ] || echo ', GPU code more')."
    say "It happens once; the result is kept in $2."
}

# Called through step, so it may outlive a killed set-up: then it still leaves its wheel.
compile_wheel() { # PIN FLAGS FOLDER
    local built
    if [ "$accel" = cuda ]; then export CUDACXX=${CUDACXX:-$(find_nvcc)}; fi
    # Without pip's cache, which would hand out a wheel made with other options.
    CMAKE_ARGS=$2 "$venv/bin/python" -m pip wheel --verbose --no-cache-dir --no-deps \
        --no-binary llama-cpp-python --build-constraint "$constraints" \
        --wheel-dir "$work/wheel" "llama-cpp-python==$1" || return
    built=$(kept_wheel "$work/wheel")
    # The cache may lie on another disk: copy beside the place, then rename in one step.
    (umask 077 && mkdir -p "$3") && cp "$built" "$3/partial.$$" &&
        mv -f "$3/partial.$$" "$3/${built##*/}"
}

# A wheel that does not load (its CUDA libraries are gone, say) is not used again.
check_llama() {
    "$venv/bin/python" -c 'import llama_cpp' >>"$log" 2>&1 && return
    rm -f "$llama_wheel"
    die 1 "The compiled llama.cpp does not load; the end of $log says why. The next call compiles it anew."
}
