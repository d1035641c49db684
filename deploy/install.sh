#!/usr/bin/env bash
# Makes a service of the checkout that this file is in: packages, settings, user, folders, systemd units, proxy.
#
#   git clone … /srv/flaskblog
#   /srv/flaskblog/deploy/install.sh https://blog.example.org          # behind nginx
#   /srv/flaskblog/deploy/install.sh https://blog.example.org caddy    # behind Caddy, or none
#
# Repeated, it changes only what settings or a new version require; it never overwrites .env or a configuration of the
# proxy. With DESTDIR=folder, files outside the checkout go below that folder, and no user or service is touched.
set -euo pipefail
umask 022

root=$(cd "$(dirname "$0")/.." && pwd -P)
site_url=${1:-}
proxy=${2:-nginx}
destdir=${DESTDIR:-}

main() {
    check
    install_packages
    write_settings
    read_settings
    add_user
    create_folders
    install_units
    install_proxy
    start_services
}

check() {
    [[ $root =~ ^[A-Za-z0-9/._-]+$ ]] || fail "Move the checkout to a plain path, such as /srv/flaskblog."
    [[ -e $root/.env || $site_url =~ ^https?://[A-Za-z0-9.-]+$ ]] ||
        fail "Name the address of the site: $0 https://blog.example.org"
    [[ $proxy =~ ^(nginx|caddy|none)$ ]] || fail "The proxy is nginx, caddy or none, not $proxy."
    command -v make >/dev/null || fail "Install make: apt install make"
    [ -z "$destdir" ] || return 0
    [ "$(id -u)" = 0 ] || fail "Run it as root."
    [[ ! $root =~ ^/(home|root|tmp|run)/ ]] || fail "The services cannot read $root: move the checkout to /srv/flaskblog."
    [ "$proxy" = none ] || [ -d "/etc/$proxy" ] || fail "Install $proxy, or name another proxy: nginx, caddy or none."
}

install_packages() {
    make --silent --directory "$root" .venv/installed
    if [ -e "$root/.env" ] && grep -q '^MEDIA_URL=.' "$root/.env"; then
        "$root/.venv/bin/python" -m pip install --quiet --disable-pip-version-check \
            -r "$root/deploy/requirements-s3.txt"
    fi
    # The services cannot write into the code, nor may they read what only root can.
    "$root/.venv/bin/python" -m compileall -q "$root/config.py" "$root/run.py" "$root/flaskblog"
    chmod --recursive go+rX "$root/config.py" "$root/run.py" "$root/flaskblog"
}

write_settings() {
    [ ! -e "$root/.env" ] || return 0
    local key
    key=$("$root/.venv/bin/python" -c 'import secrets; print(secrets.token_urlsafe(48))')
    (
        umask 077
        cat >"$root/.env.new" <<SETTINGS
# Made by deploy/install.sh. .env.example explains every setting.
FLASKBLOG_ENV=production
SITE_URL=$site_url
SECRET_KEY=$key
TRUSTED_PROXIES=1
# Better: a folder on another disk. Repeat deploy/install.sh to let the services write there.
BACKUP_FOLDER=/var/backups/flaskblog
# Without a mail server nobody can reset a password.
#MAIL_SERVER=mail.example.org
#MAIL_USE_TLS=true
SETTINGS
    )
    mv "$root/.env.new" "$root/.env"
}

# What the services will read: host, port and URL of the site, and the folders that they write, one a line.
read_settings() {
    local settings
    settings=$(cd "$root" && env -i PATH="$PATH" .venv/bin/python -B - <<'PYTHON'
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from config import INSTANCE, load_config

config = load_config()
database = make_url(config.SQLALCHEMY_DATABASE_URI)
folders = {config.MEDIA_FOLDER, config.BACKUP_FOLDER or INSTANCE}
if database.get_backend_name() == "sqlite":
    folders.add((INSTANCE / database.database).parent)
print(urlsplit(config.SITE_URL).hostname, config.PORT, config.SITE_URL, INSTANCE, sep="\n")
print(*sorted(folder for folder in folders if not folder.is_relative_to(INSTANCE)), sep="\n")
PYTHON
    )
    { read -r host && read -r port && read -r site_url && mapfile -t folders; } <<<"$settings"
}

add_user() {
    [ -z "$destdir" ] || return 0
    getent passwd flaskblog >/dev/null ||
        useradd --system --user-group --home-dir "$root" --no-create-home --shell /usr/sbin/nologin flaskblog
    chown root:flaskblog "$root/.env"
    chmod 640 "$root/.env"
}

create_folders() {
    local folder
    for folder in "${folders[@]}"; do
        folder=$(below_destdir "$folder")
        [ -d "$folder" ] || create "$folder"
    done
}

create() {
    local owner=()
    [ -n "$destdir" ] || owner=(--owner=flaskblog --group=flaskblog)
    install --directory --mode=711 "${owner[@]}" "$1"
}

install_units() {
    local unit writable
    writable=$(printf '"-%s" ' "${folders[@]}")
    for unit in flaskblog flaskblog-worker; do
        sed -e "s#^ReadWritePaths=.*#ReadWritePaths=${writable% }#" -e "s#/srv/flaskblog#$root#g" \
            "$root/deploy/$unit.service" | put "/etc/systemd/system/$unit.service"
    done
}

install_proxy() {
    local file changes shipped=nginx.conf
    [ "$proxy" = nginx ] || shipped=Caddyfile
    case $proxy in
    nginx)
        file=/etc/nginx/conf.d/flaskblog.conf
        changes="s/server_name _;/server_name $host;/"
        ;;
    caddy)
        file=/etc/caddy/Caddyfile
        changes="s#^blog.example.org {#$site_url {#"
        ;;
    none) return 0 ;;
    esac
    ! grep -qs Flaskblog "$destdir$file" || return 0
    [ ! -e "$destdir$file" ] || mv "$destdir$file" "$destdir$file.before-flaskblog"
    sed -e "$changes" -e "s/127.0.0.1:5000/127.0.0.1:$port/" \
        "$root/deploy/$shipped" | put "$file"
    reload_proxy=yes
}

start_services() {
    [ -z "$destdir" ] || return 0
    if [ ! -d /run/systemd/system ]; then
        echo "systemd is not running: flaskblog and flaskblog-worker are installed, but not started."
        return 0
    fi
    systemctl daemon-reload
    systemctl enable --quiet --now flaskblog flaskblog-worker
    [ -z "${reload_proxy:-}" ] || systemctl reload-or-restart "$proxy"
    echo "Flaskblog runs. Check it with: cd $root && sudo -u flaskblog .venv/bin/flask --app run doctor"
    [ "$proxy" != nginx ] || echo "A certificate, if there is none yet: certbot --nginx -d $host"
}

# Write standard input to a file of the system, unless it has this content already.
put() {
    local new
    new=$(mktemp)
    cat >"$new"
    install -D --compare --mode=644 "$new" "$destdir$1"
    rm "$new"
}

below_destdir() {
    case $1 in
    "$root"/*) echo "$1" ;;
    *) echo "$destdir$1" ;;
    esac
}

fail() {
    echo "$*" >&2
    exit 1
}

main
