#!/bin/sh
# smtp-wizard on a host without Python: runs its image in the directory of the compose file, as the
# owner of that directory, and in the network of the server's container while that is running.
set -eu
server=$(docker ps --filter "label=com.docker.compose.project.working_dir=$PWD" \
  --format '{{.Names}} {{.Image}}' | awk '$2 ~ /bomnipotent_server/ { print $1; exit }')
[ -t 0 ] && [ -t 1 ] && terminal=--tty || terminal=
exec docker run --rm --interactive $terminal --read-only ${server:+--network "container:$server"} \
  --volume "$PWD:$PWD" --workdir "$PWD" --user "$(stat -c %u:%g .)" \
  --env TERM --env COLORTERM --env NO_COLOR --env LANG --env COMPOSE_FILE \
  "${SMTP_WIZARD_IMAGE:-smtp-wizard}" "$@"
