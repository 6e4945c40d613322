using EventGrains.Silo.Cluster;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Runtime;

namespace EventGrains.Tests.Cluster;

public sealed class DeadSiloTests
{
    private readonly List<string> said = [];
    private readonly List<int> codes = [];

    [Fact]
    public void A_silo_that_is_told_that_it_is_dead_says_one_line_and_ends_with_its_own_code()
    {
        Joined().OnFatalException(this, "I have been told I am dead, so this silo will stop! Reason: The membership\nview classifies this silo as Dead", null);

        var line = Assert.Single(said);
        Assert.StartsWith("This silo was declared dead by its peers", line, StringComparison.Ordinal);
        Assert.Contains("Start it again", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
        Assert.Equal([SiloEnd.DeclaredDead], codes);
    }

    [Fact]
    public void A_silo_that_is_told_so_before_it_was_let_in_names_those_that_it_did_not_reach()
    {
        Handler().OnFatalException(this, """
            I have been told I am dead, so this silo will stop! Reason: The membership view classifies this silo as Dead (in Refresh). Membership: [Version: 4,
            2 silos, SiloAddress=S10.0.0.5:11111:154922167 SiloName=one-11111 Status=Active, SiloAddress=S10.0.0.6:11111:154922178 SiloName=two-11111 Status=Dead].
            """);

        var line = Assert.Single(said);
        Assert.StartsWith("This silo did not join the cluster: it and one-11111 at 10.0.0.5:11111 did not reach", line, StringComparison.Ordinal);
        Assert.Contains("--advertise", line, StringComparison.Ordinal);
        Assert.Equal([1], codes);
    }

    [Fact]
    public void Who_did_not_answer_a_silo_that_starts_is_named() => Assert.Contains(
        "it and 10.0.0.5:11111, [fe80::5]:11112 did not reach",
        SiloEnd.NotJoined("Failed to get ping responses from 2 of 3 active silos. Successfully contacted: [S10.0.0.7:11111:3]. Failed to get response from: [S10.0.0.5:11111:1, S[fe80::5]:11112:2]"),
        StringComparison.Ordinal);

    [Fact]
    public void Anything_else_that_is_fatal_is_a_failure_with_its_reason()
    {
        Handler().OnFatalException(this, "UpdateIAmAlive", new InvalidOperationException("no table"));

        Assert.Contains("UpdateIAmAlive: no table", Assert.Single(said), StringComparison.Ordinal);
        Assert.Equal([1], codes);
    }

    [Fact]
    public void It_ends_once()
    {
        var handler = Handler();

        handler.OnFatalException(this, "first");
        handler.OnFatalException(this, "second");

        Assert.Single(said);
        Assert.Single(codes);
    }

    private DeadSilo Joined()
    {
        var (handler, lifecycle) = (Handler(), new SiloLifecycleSubject(NullLogger<SiloLifecycleSubject>.Instance));
        handler.Participate(lifecycle);
        lifecycle.OnStart(CancellationToken.None).GetAwaiter().GetResult();
        return handler;
    }

    private DeadSilo Handler() => new(new SiloEnd(said.Add, codes.Add), NullLogger<DeadSilo>.Instance);
}
