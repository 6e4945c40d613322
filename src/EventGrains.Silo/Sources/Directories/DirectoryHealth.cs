using EventGrains.Contracts.Sources;

namespace EventGrains.Silo.Sources.Directories;

/// <summary>What is wrong with a watched directory, and what somebody can do about it.</summary>
internal sealed record Complaint(string Why, string Do)
{
    public override string ToString() => $"{Why}; {Do}";
}

/// <summary>How a watched directory does: its view, and its complaints where an operator asks first.</summary>
internal sealed class DirectoryHealth(DirectoryContext context) : IDisposable
{
    private readonly string what = $"source {context.Source.Name}";
    private volatile SourceView view =
        new(context.Source.Name, "directory", context.Source.Format, context.Storage.Name, SourceState.Running, null, []);

    public SourceView View => view;

    /// <param name="remarks">What is worth a word and wants nothing done.</param>
    public void Show(SourceState state, IEnumerable<Complaint?> complaints, params IEnumerable<string?> remarks)
    {
        Complaint[] now = [.. complaints.OfType<Complaint>()];
        var reason = string.Join("; ", now.Select(c => c.ToString()).Concat(remarks.OfType<string>()));
        if (view.State == state && view.Reason == (reason.Length == 0 ? null : reason))
        {
            return;
        }

        view = view with { State = state, Reason = reason.Length == 0 ? null : reason };
        if (now.Length == 0)
        {
            context.Troubles.Clear(what);
        }
        else
        {
            context.Troubles.Report(what, string.Join("; ", now.Select(c => c.Why)), string.Join("; ", now.Select(c => c.Do)));
        }
    }

    public void Dispose() => context.Troubles.Clear(what);
}
