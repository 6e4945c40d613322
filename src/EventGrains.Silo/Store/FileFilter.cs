using EventGrains.Contracts.Files;
using EventGrains.Files;

namespace EventGrains.Silo.Store;

/// <summary>What of a list of files a query wants, its path pattern aside; and how files of one path are ordered.</summary>
internal static class FileFilter
{
    public static bool Matches(this FileQuery query, FileState file) =>
        (query.Storage is null || file.Id.Storage == query.Storage)
        && (query.Dataset is null || file.Datasets.Contains(query.Dataset))
        && ((query.StepState is null && query.Rule is null) || HasStep(query, file))
        && (query.Status is null || FileSummary.Of(file).Status == query.Status);

    /// <summary>The live first, then the newest; at most <paramref name="limit"/>.</summary>
    public static List<FileState> LiveThenNewest(List<FileState> files, int limit)
    {
        files.Sort((a, b) =>
        {
            var byLife = IsDeleted(a).CompareTo(IsDeleted(b));
            var byTime = byLife != 0 ? byLife : b.UpdatedAt.CompareTo(a.UpdatedAt);
            return byTime != 0 ? byTime : b.Number.CompareTo(a.Number);
        });
        return files.Count <= limit ? files : files.GetRange(0, limit);
    }

    private static bool IsDeleted(FileState file) => FileSummary.Of(file).Existence == Existence.Deleted;

    private static bool HasStep(FileQuery query, FileState file)
    {
        foreach (var step in file.Steps)
        {
            if ((query.StepState is null || step.State == query.StepState) && (query.Rule is null || step.Key.Rule == query.Rule))
            {
                return true;
            }
        }

        return false;
    }
}
