using EventGrains.Files;

namespace EventGrains.LoadTest.Limits;

/// <summary>The full set of rows of the bare loop, in one store's tables and in the product's encoding.</summary>
internal interface IBareRows
{
    /// <summary>Loads what rows there are, all at once; gives the others their numbers.</summary>
    void Load(List<BareFile> files, ref long nextNumber);

    void Transition(BareFile file, in BareRecord record, DateTime now);

    /// <summary>Adds to a dataset's counts.</summary>
    void Count(string dataset, FileStatus status, int files, long bytes, DateTime now);

    void OpenIntent(BareFile file, DateTime now);

    /// <summary>Writes the rows of all touched files and of what was said beside them; durable when it returns.</summary>
    void Commit(List<BareFile> touched, long position, DateTime now);

    IEnumerable<FileState> ReadAll();
}
