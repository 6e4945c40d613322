using EventGrains.Silo.Cluster;
using Microsoft.Extensions.Logging.Abstractions;

namespace EventGrains.Tests.Cluster;

public sealed class DeadSiloTests
{
    private readonly List<string> said = [];
    private readonly List<int> codes = [];

    [Fact]
    public void A_silo_that_is_told_that_it_is_dead_says_one_line_and_ends_with_its_own_code()
    {
        Handler().OnFatalException(this, "I have been told I am dead, so this silo will stop! Reason: The membership\nview classifies this silo as Dead", null);

        var line = Assert.Single(said);
        Assert.StartsWith("This silo was declared dead by its peers", line, StringComparison.Ordinal);
        Assert.Contains("Start it again", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
        Assert.Equal([SiloEnd.DeclaredDead], codes);
    }

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

    private DeadSilo Handler() => new(new SiloEnd(said.Add, codes.Add), NullLogger<DeadSilo>.Instance);
}
