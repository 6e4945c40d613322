using EventGrains.LoadTest.Cluster;
using EventGrains.LoadTest.Oracle;

namespace EventGrains.Tests.LoadTest;

/// <summary>What clients must expect of an upgrade is the broken connection with the gateway that is being replaced, and nothing else.</summary>
public sealed class ClientErrorsTests
{
    private readonly RunClock _clock = new();
    private readonly Verdict _verdict = new();

    [Fact]
    public void A_broken_connection_with_the_gateway_that_is_replaced_is_expected() => Assert.Equal(1, Expected("gateway-0", new HttpRequestException("refused")));

    [Fact]
    public void One_with_another_gateway_is_not() => Assert.Equal(0, Expected("gateway-1", new HttpRequestException("refused")));

    [Fact]
    public void A_503_is_not() => Assert.Equal(0, Expected("gateway-0", new HttpRequestException("503", null, System.Net.HttpStatusCode.ServiceUnavailable)));

    [Fact]
    public void No_answer_in_time_is_not() => Assert.Equal(0, Expected("gateway-0", new TaskCanceledException("no answer")));

    [Fact]
    public void Any_while_only_a_silo_is_replaced_is_not()
    {
        Assert.Equal(0, Expected("gateway-0", new IOException("broken"), replaced: "silo-0"));
        Assert.Equal(1, _verdict.Others);
    }

    private int Expected(string gateway, Exception error, string replaced = "gateway-0")
    {
        _clock.Begin();
        var errors = new ClientErrors(_clock);
        errors.Add(gateway, error);
        return errors.CountExpected([new Replacement(replaced, false, false, 0, 5, 10)], _verdict);
    }
}
