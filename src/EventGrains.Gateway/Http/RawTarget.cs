using Microsoft.AspNetCore.Http.Features;

namespace EventGrains.Gateway.Http;

/// <summary>Reads names from the request target as it was sent.</summary>
internal static class RawTarget
{
    /// <summary>What stands between <paramref name="before"/> and <paramref name="after"/> in the path, decoded once.</summary>
    /// <remarks>
    /// Routing cannot be asked: the server decodes all of the path but <c>%2F</c>, so that afterwards a slash in an S3 key and the
    /// three characters "%2F" in a file's name look alike.
    /// </remarks>
    public static string Between(HttpContext http, string before, string after)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.AsSpan();
        var scheme = target.IndexOf("://", StringComparison.Ordinal);
        if (scheme > 0 && target[0] != '/')
        {
            target = target[(scheme + 3)..];
            target = target[Math.Max(0, target.IndexOf('/'))..];
        }

        var query = target.IndexOf('?');
        target = query < 0 ? target : target[..query];
        if (target.Length < before.Length + after.Length
            || !target.StartsWith(before, StringComparison.OrdinalIgnoreCase)
            || !target.EndsWith(after, StringComparison.OrdinalIgnoreCase))
        {
            throw ProblemException.BadRequest("the path is written in an unusual way", $"write {before}NAME{after}, and percent-encode only NAME");
        }

        return Uri.UnescapeDataString(target[before.Length..^after.Length]);
    }
}
