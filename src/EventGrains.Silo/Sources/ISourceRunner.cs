using EventGrains.Contracts.Sources;

namespace EventGrains.Silo.Sources;

/// <summary>What runs behind a source's grain, on threads of its own; one class per type of source.</summary>
/// <remarks>Called from the grain's turns: nothing here may block.</remarks>
internal interface ISourceRunner : IAsyncDisposable
{
    SourceView View { get; }

    void Start();

    /// <exception cref="InvalidOperationException">The source has no positions, or the partition or position does not exist.</exception>
    Task Seek(string partition, SeekTo to, long position);

    Task Resume(bool skipUnreadable);

    /// <summary>Of a pushed source; others count what they read themselves.</summary>
    void Count(long accepted, long rejected)
    {
    }
}
