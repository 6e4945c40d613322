using EventGrains.Silo.Posix;
using Microsoft.Extensions.Hosting;

namespace EventGrains.Silo.Actions.Commands;

/// <summary>Ends the commands of this process when this process ends, however it does: one small shell that outlives it for a moment.</summary>
/// <remarks>
/// The shell reads the groups of running commands from a pipe whose write end this process alone holds, and kills what is left when
/// the pipe closes. Not PDEATHSIG, which follows the thread that started the child. Started with the first command; started again when it
/// was killed. A command that leaves its group (setsid) is out of reach.
/// </remarks>
internal sealed class CommandWatchdog : IHostedService, IDisposable
{
    // The words come from us alone: '+ GROUP' and '- GROUP'. Signals to the silo's whole service reach the shell too, and must not end it first.
    private const string Script = """
        trap '' HUP INT QUIT TERM
        groups=' '
        while read -r sign group; do
          case $sign in
            +) groups="$groups$group " ;;
            -) case $groups in *" $group "*) groups="${groups%%" $group "*} ${groups#*" $group "}" ;; esac ;;
          esac
        done
        for group in $groups; do kill -s KILL -- "-$group"; done
        """;

    private static readonly TimeSpan EndWait = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly HashSet<int> groups = [];
    private ChildProcess? shell;
    private OpenFile? pipe;
    private bool stopped;

    /// <summary>True once commands are ended because the silo stops.</summary>
    public bool IsStopped
    {
        get
        {
            lock (gate)
            {
                return stopped;
            }
        }
    }

    /// <summary>The shell's process; null before the first command and after the end.</summary>
    public int? ShellId
    {
        get
        {
            lock (gate)
            {
                return shell?.Id;
            }
        }
    }

    /// <summary>From now on the group ends with this process.</summary>
    /// <exception cref="PosixException">The shell cannot be started; the group is not watched.</exception>
    public void Add(int group)
    {
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopped, this);
            groups.Add(group);
            try
            {
                if (!Tell($"+ {group}\n"))
                {
                    Start();
                }
            }
            catch
            {
                groups.Remove(group);
                throw;
            }
        }
    }

    /// <summary>Call it before the group's number is given back.</summary>
    public void Remove(int group)
    {
        lock (gate)
        {
            groups.Remove(group);

            // A shell that is gone is started with the next group, and told of all that are left.
            Tell($"- {group}\n");
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends all commands that still run.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Close() is { } ending)
        {
            try
            {
                await Task.Run(ending.Reap, cancellationToken).WaitAsync(EndWait, cancellationToken);
            }
            catch (Exception late) when (late is TimeoutException or OperationCanceledException)
            {
                // It kills without waiting, so it has nothing more to do for us.
            }
        }
    }

    public void Dispose() => Close();

    private ChildProcess? Close()
    {
        lock (gate)
        {
            stopped = true;
            pipe?.Dispose();
            pipe = null;
            return Interlocked.Exchange(ref shell, null);
        }
    }

    /// <summary>False when there is no shell to tell.</summary>
    private bool Tell(string line)
    {
        try
        {
            pipe?.WriteNext(line);
        }
        catch (PosixException gone) when (gone.Error == SystemCalls.BrokenPipe)
        {
            pipe!.Dispose();
            pipe = null;
            shell!.Reap();
        }

        return pipe is not null;
    }

    private void Start()
    {
        using var nothing = OpenFile.Open("/dev/null", OpenMode.ReadWriteCreate);
        var (read, write) = OpenFile.OpenPipe();
        try
        {
            shell = ChildProcess.Start("/bin/sh", ["sh", "-c", Script], [], (read, 0), (nothing, 1), (nothing, 2));
        }
        catch
        {
            write.Dispose();
            throw;
        }
        finally
        {
            read.Dispose();
        }

        pipe = write;
        foreach (var group in groups)
        {
            Tell($"+ {group}\n");
        }
    }
}
