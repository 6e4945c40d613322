namespace EventGrains.LoadTest.Verbs;

internal sealed record EmbeddedResult(
    string Machine,
    string Commit,
    int Seed,
    int Events,
    int Files,
    double ParseOnlyEventsPerSecond,
    double LimitEventsPerSecond,
    IReadOnlyList<IntakeResult> Intakes,
    LatencyResult Latency);

/// <param name="Intake"><c>log</c> or <c>http</c>.</param>
/// <param name="EventsPerSecond">From the first byte offered until the last event is durable; the median of the rounds.</param>
/// <param name="EventsPerCpuSecond">By the CPU time of the product's process alone.</param>
/// <param name="RatioToLimit">To the bare loop of the same rounds.</param>
/// <param name="PeakResidentBytes">The most over the rounds.</param>
/// <param name="BytesPerFile">Of the data directory after a clean stop.</param>
/// <param name="Lost">Over all rounds, as are <paramref name="Repeated"/> and <paramref name="WrongStates"/>.</param>
internal sealed record IntakeResult(
    string Intake,
    double EventsPerSecond,
    double EventsPerCpuSecond,
    double RatioToLimit,
    long PeakResidentBytes,
    double BytesPerFile,
    double BytesPerEvent,
    long Lost,
    long Repeated,
    long WrongStates);

/// <param name="Rate">Events offered per second, whatever comes back.</param>
internal sealed record LatencyResult(int Rate, double P50Milliseconds, double P99Milliseconds);
