# Sourced by ./run and ./test: sets $python to a Python of at least 3.11, or says how to get one.

enough='import sys; sys.exit(sys.version_info < (3, 11))'

find_python() {
    for python in python3.14 python3.13 python3.12 python3.11 python3; do
        if command -v "$python" >/dev/null 2>&1 && "$python" -c "$enough" >/dev/null 2>&1; then
            return 0
        fi
    done
    return 1
}

if ! find_python; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        echo "Installing Python" >&2
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq </dev/null >&2
        apt-get install -y -qq --no-install-recommends python3 python3-venv </dev/null >&2
    elif command -v brew >/dev/null 2>&1; then
        brew install --quiet python </dev/null >&2
    fi
    if ! find_python; then
        echo "Python 3.11 or newer is needed. One of these installs it:" >&2
        echo "  sudo apt-get install python3 python3-venv    (Debian 12, Ubuntu 24.04 or newer)" >&2
        echo "  brew install python                          (macOS)" >&2
        exit 1
    fi
fi
