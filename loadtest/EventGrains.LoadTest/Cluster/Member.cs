using EventGrains.LoadTest.Oracle;
using EventGrains.LoadTest.Product;

namespace EventGrains.LoadTest.Cluster;

/// <summary>One silo or gateway under one name: started, ended and started again on the same ports. One that ends by itself is a finding, and is started again.</summary>
/// <param name="isStartRefusable">Whether one that ends before it serves may do so now: its database is away. It is started again all the same.</param>
internal sealed class Member(string name, ServerLaunch launch, Func<bool> isStartRefusable, Verdict verdict) : IAsyncDisposable
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    private readonly List<int> _exitCodes = [];
    private ServerLaunch _launch = launch;
    private ServerProcess? _process;
    private Task _keeping = Task.CompletedTask;
    private volatile bool _isWanted;
    private volatile bool _hasServed;

    public string Name => name;

    public string LogPath => _launch.LogPath;

    public Uri Address => new($"http://127.0.0.1:{_launch.Port}");

    public bool IsWanted => _isWanted;

    public bool IsServing => _isWanted && _hasServed && _process is { HasExited: false, Ready.IsCompletedSuccessfully: true };

    /// <summary>Of all its lives that ended, in their order.</summary>
    public IReadOnlyList<int> ExitCodes => _exitCodes;

    /// <summary>Returns when it serves, also when it was ended again at once: whoever waits for one that serves may be faster.</summary>
    public async Task Start(CancellationToken ct)
    {
        (_isWanted, _hasServed) = (true, false);
        _keeping = Keep();
        await Settling.Sometime(ReadyWithin, () => _hasServed || !_isWanted, ct);
        if (!_hasServed)
        {
            throw new ProductException(!_isWanted ? $"{name} was ended before it served" : $"{name} does not serve {ReadyWithin.TotalMinutes:0} minutes after its start; see {LogPath}");
        }
    }

    /// <summary>As what it is started from now on.</summary>
    public void Become(ProductFiles product) => _launch = _launch with { Product = product };

    public async Task Kill()
    {
        _isWanted = false;
        await _process!.Kill();
        await _keeping;
    }

    /// <summary>SIGTERM; null when it did not end within its grace period, and was killed.</summary>
    public async Task<int?> Stop()
    {
        _isWanted = false;
        int? code = null;
        try
        {
            code = await _process!.Stop();
        }
        catch (TimeoutException)
        {
            await _process!.Kill();
        }

        await _keeping;
        return code;
    }

    public void Freeze()
    {
        _isWanted = false;
        _process!.Freeze();
    }

    /// <summary>Wakes it, and gives it so long to find out that it is dead; null when it did not end, and was killed.</summary>
    public async Task<int?> Thaw(TimeSpan endsWithin)
    {
        _process!.Thaw();
        int? code = null;
        try
        {
            await _process.WaitForEnd(CancellationToken.None).WaitAsync(endsWithin);
            code = _process.ExitCode;
        }
        catch (TimeoutException)
        {
            await _process.Kill();
        }

        await _keeping;
        return code;
    }

    public async ValueTask DisposeAsync()
    {
        _isWanted = false;
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        await _keeping;
    }

    private async Task Keep()
    {
        while (_isWanted)
        {
            if (_process is not null)
            {
                await _process.DisposeAsync();
            }

            _process = ServerProcess.Launch(_launch);
            var process = _process;
            await Task.WhenAny(process.Ready, process.WaitForEnd(CancellationToken.None));
            if (process.Ready.IsCompletedSuccessfully)
            {
                _launch = _launch with { Port = (await process.Ready).Port };
                _hasServed = true;
            }

            await process.WaitForEnd(CancellationToken.None);
            _exitCodes.Add(_process.ExitCode);
            if (!_isWanted)
            {
                return;
            }

            if (_process.Ready.IsCompletedSuccessfully || !isStartRefusable())
            {
                verdict.AddOther($"{name} ended by itself with exit code {_process.ExitCode}; see {LogPath}");
            }

            await Task.Delay(AgainAfter);
        }
    }
}
