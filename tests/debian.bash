# A bare Debian 12 in the folder `root`, with python3, python3-pip and ca-certificates and nothing else, and what passes this machine's settings on
# to it: PIP_* variables, the files they name, and proxies. Needs root and debootstrap.

pass_on() { # the settings that reach the root, one NAME=VALUE a line
    env | grep -E '^(PIP_[A-Z_]+|https?_proxy|HTTPS?_PROXY|no_proxy|NO_PROXY)=' || true
}

bring_in() { # a file or folder of this machine, to the same place in the root
    [[ -e $1 ]] || return 0
    mkdir -p "$root$(dirname "$1")"
    cp -rL "$1" "$root$(dirname "$1")/"
}

if [[ ! -x $root/usr/bin/python3 ]]; then
    echo "Making a Debian 12 in $root ..."
    debootstrap --variant=minbase --include=python3,python3-pip,ca-certificates bookworm "$root" >"$root.log" || { tail "$root.log"; exit 1; }
    rm -f "$root.log"
fi

bring_in /etc/resolv.conf
bring_in /etc/hosts
bring_in /etc/pip.conf
while IFS='=' read -r _ value; do
    for word in $value; do
        [[ $word != /* ]] || bring_in "$word"
    done
done < <(pass_on)
mapfile -t settings < <(pass_on)
