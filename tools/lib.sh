# What the scripts of this folder share. Sourced with the repository as current directory.
# shellcheck shell=sh

# The head comment of a script is its help.
usage_of() {
    sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "$1" >&2
    exit 2
}

directory_of() {
    if [ "$1" = release ]; then echo build; else echo "build-$1"; fi
}

# Runs a command silently; when it fails, shows what it said.
quietly() {
    quietly_log=$1
    shift
    "$@" >"$quietly_log" 2>&1 || {
        status=$?
        cat "$quietly_log" >&2
        return "$status"
    }
}

# configure PRESET [CMAKE ARGUMENT...]
configure() {
    preset_directory=$(directory_of "$1")
    mkdir -p "$preset_directory"
    launcher=
    if command -v ccache >/dev/null; then launcher=ccache; fi
    quietly "$preset_directory/configure.log" \
        cmake --preset "$@" "-DCMAKE_CXX_COMPILER_LAUNCHER=$launcher"
}

# compile PRESET TARGET: silent but for warnings and errors.
compile() {
    cmake --build "$(directory_of "$1")" --target "$2" -- --quiet >&2
}
