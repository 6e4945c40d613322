using EventGrains.Files;
using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

public sealed class OtherNamesTests
{
    private static readonly FileId One = new("inbox", "1");
    private static readonly FileId Two = new("inbox", "2");

    private readonly OtherNames names = new(namesMax: 2);

    [Fact]
    public void A_file_has_as_many_names_as_were_seen_and_a_name_one_file()
    {
        names.Add(One, "/a");
        names.Add(One, "/b");
        Assert.Equal(["/a", "/b"], names.Of(One));

        names.Add(Two, "/a");
        names.Remove("/b");
        names.Remove("/never-seen");

        Assert.Equal(["/a"], names.Of(Two));
        Assert.Empty(names.Of(One));
        Assert.Equal(1, names.Count);
    }

    [Fact]
    public void Beyond_its_bound_it_says_that_it_does_not_know_all_until_all_are_seen_again()
    {
        names.Add(One, "/a");
        names.Add(One, "/b");
        names.Add(One, "/b");
        Assert.True(names.AreAll);

        names.Add(Two, "/c");
        Assert.False(names.AreAll);
        names.Remove("/a");
        Assert.False(names.AreAll);
        names.Add(Two, "/c");
        Assert.Equal(["/c"], names.Of(Two));

        names.Clear();
        Assert.True(names.AreAll);
        Assert.Equal(0, names.Count);
    }
}
