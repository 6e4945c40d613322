using System.Net;
using System.Text.Json;

namespace EventGrains.LiveTests;

/// <summary>What a server answered: how, and in what words.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonElement Body, TimeSpan? RetryAfter)
{
    public bool IsOk => Status == HttpStatusCode.OK;

    public string Text(string name) => Body.GetProperty(name).GetString()!;

    public static async Task<Answer> Of(HttpResponseMessage response)
    {
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return new Answer(response.StatusCode, body.RootElement.Clone(), response.Headers.RetryAfter?.Delta);
    }

    /// <summary>An error says what, why and what to do.</summary>
    public void IsProblem(HttpStatusCode status, params string[] detail)
    {
        Assert.Equal(status, Status);
        Assert.All(detail, word => Assert.Contains(word, Text("detail"), StringComparison.Ordinal));
        Assert.NotEmpty(Text("title"));
        Assert.NotEmpty(Text("remedy"));
    }

    public override string ToString() => $"{(int)Status} {Body.GetRawText()}";
}
