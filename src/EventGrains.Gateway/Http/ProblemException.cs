namespace EventGrains.Gateway.Http;

/// <summary>A request that cannot be served: what, why, and what to do. Answered as problem+json.</summary>
internal sealed class ProblemException(int status, string title, string detail, string remedy) : Exception(detail)
{
    public int Status => status;

    public string Title => title;

    public string Remedy => remedy;

    /// <summary>After how many seconds the same request may do better.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>For an ambiguous name: what it may mean.</summary>
    public IReadOnlyList<string>? Candidates { get; init; }

    public static ProblemException BadRequest(string detail, string remedy) =>
        new(StatusCodes.Status400BadRequest, "Bad request", detail, remedy);

    public static ProblemException NotFound(string detail, string remedy) =>
        new(StatusCodes.Status404NotFound, "Not found", detail, remedy);

    public static ProblemException Conflict(string detail, string remedy) =>
        new(StatusCodes.Status409Conflict, "Conflict", detail, remedy);

    public static ProblemException TooLarge(string detail, string remedy) =>
        new(StatusCodes.Status413PayloadTooLarge, "Too large", detail, remedy);

    public static ProblemException Unavailable(string detail, string remedy, int retryAfterSeconds = 1) =>
        new(StatusCodes.Status503ServiceUnavailable, "Not available now", detail, remedy) { RetryAfterSeconds = retryAfterSeconds };
}
