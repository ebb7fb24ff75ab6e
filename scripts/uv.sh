# Sourced by setup and lock: where is uv?
find_uv() { # sets $uv to a uv that starts: one on PATH, else our private one
    for uv in "$(command -v uv || true)" .cache/uv-venv/bin/uv; do
        [ -n "$uv" ] && "$uv" --version >/dev/null 2>&1 && return 0
    done
    return 1
}
