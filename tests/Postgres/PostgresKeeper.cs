namespace EventGrains.Tests.Postgres;

/// <summary>The shell script that keeps one PostgreSQL: it does what it reads, and when its input ends, so does the server, and its folder goes.</summary>
/// <remarks>
/// The input is a pipe from the process that wants the server, so a <c>kill -9</c> of that process ends both. Started in a session of its
/// own, or a signal to the whole group of the tests would end the keeper and leave the server. One word a line, each answered by one line.
/// </remarks>
internal static class PostgresKeeper
{
    /// <summary>Arguments: where its folder is to be, the directory of the programs, then settings as <c>-c name=value</c>. The first line that it writes is the folder.</summary>
    public const string Script = """
        # We may be gone when an answer is written; that must not end the keeper before the server.
        trap '' PIPE
        cd / && home=$(mktemp -d "$1/eventgrains-postgres-XXXXXX") || exit 1
        echo "$home"
        exec 2>>"$home/log"
        programs=$2 data=$home/data server=
        shift 2

        # Nothing of it outlives a crash of the machine, so only the server syncs.
        init() {
          "$programs/initdb" -D "$data" -U postgres -A trust -E UTF8 --locale=C --no-sync --no-instructions >&2
        }

        # The server's own file says when it is ready; the line of its id tells it from what a killed one left.
        start() {
          "$programs/postgres" -D "$data" -k "$home" -p "$1" "${@:2}" </dev/null >&2 &
          server=$!
          until [ "$(sed -n '1p;8p' "$data/postmaster.pid" 2>/dev/null | tr -d ' \n')" = "${server}ready" ]; do
            if [ ! -e "/proc/$server/exe" ]; then wait "$server"; server=; return 1; fi
            sleep 0.01
          done
        }

        stop() {
          kill -s "$1" "$server" && wait "$server"
          server=
        }

        # All at once, as the kernel does when memory is out: the first is held, so it neither mourns a child nor starts another.
        kill_all() {
          kill -s STOP "$server"
          children=$(cat "/proc/$server/task/$server/children")
          kill -s KILL $children "$server"
          wait "$server"
          for child in $children; do
            while [ -e "/proc/$child/exe" ]; do sleep 0.01; done
          done
          server=
        }

        while read -r word port; do
          case $word in
            init) init ;;
            start) start "$port" "$@" ;;
            fast) stop INT; true ;;
            immediate) stop QUIT; true ;;
            kill) kill_all; true ;;
            *) false ;;
          esac && echo done || echo failed
        done

        [ -z "$server" ] || stop QUIT
        # A killed server leaves its mark in shared memory: the second number of line 7.
        [ ! -f "$data/postmaster.pid" ] || ipcrm -m "$(sed -n 7p "$data/postmaster.pid" | awk '{print $2}')" 2>/dev/null
        rm -rf "$home"
        """;
}
