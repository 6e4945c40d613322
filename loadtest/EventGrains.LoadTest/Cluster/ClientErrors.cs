using EventGrains.LoadTest.Oracle;

namespace EventGrains.LoadTest.Cluster;

/// <summary>What clients met instead of an answer, and whether they had to expect it.</summary>
internal sealed class ClientErrors(RunClock clock)
{
    /// <summary>A connection that broke with a gateway may be noticed when the gateway serves again.</summary>
    private const double NoticedWithin = 1;

    private readonly List<ClientError> _all = [];

    public IReadOnlyList<ClientError> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    public void Add(string gateway, Exception error)
    {
        // A status is an answer, and no answer in a minute is no matter of the connection.
        var isOfConnection = error is HttpRequestException { StatusCode: null } or IOException;
        lock (_all)
        {
            _all.Add(new ClientError(clock.Now, gateway, isOfConnection, error.Message));
        }
    }

    /// <summary>A gateway that is being replaced may break and refuse connections, and do nothing else; a silo that is may show nothing at all.</summary>
    public int CountExpected(IReadOnlyList<Replacement> replacements, Verdict verdict)
    {
        var errors = All.Where(e => e.At >= 0).ToLookup(e => IsExpected(e, replacements));
        foreach (var error in errors[false])
        {
            verdict.AddOther(FormattableString.Invariant($"a client of {error.Gateway} met an error at {error.At:0.0} s: {error.Text}"));
        }

        return errors[true].Count();
    }

    private static bool IsExpected(ClientError error, IReadOnlyList<Replacement> replacements) =>
        error.IsOfConnection && replacements.Any(r => r.Member == error.Gateway && r.StoppedAt <= error.At && error.At <= r.ServedAt + NoticedWithin);
}

/// <param name="At">Seconds after the start of the load.</param>
internal sealed record ClientError(double At, string Gateway, bool IsOfConnection, string Text);
