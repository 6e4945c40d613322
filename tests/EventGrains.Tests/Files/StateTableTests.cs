using System.Text;
using EventGrains.Files;
using EventGrains.Rules;

namespace EventGrains.Tests.Files;

/// <summary>The table of every state and event stands beside the code that decides, and is what the code does.</summary>
/// <remarks>After a deliberate change: <c>EVENTGRAINS_REWRITE=1 dotnet test --filter StateTableTests</c>, and review the difference.</remarks>
public sealed class StateTableTests
{
    private static readonly (string Name, FileFacts[] Said)[] States =
    [
        ("never heard of", []),
        ("unknown: a pool has a copy", [Says.PoolHas("pool-a", 0)]),
        ("uploading", [Says.DoorUploading()]),
        ("stored, no copy heard of yet", [Says.DoorStored("/d/f", 0)]),
        ("stored on disk", [Says.DoorStored("/d/f", 0), Says.PoolHas("pool-a", 0)]),
        ("stored on disk and tape", [Says.DoorStored("/d/f", 0), Says.Flushed("pool-a", 0)]),
        ("stored on tape alone", [Says.DoorStored("/d/f", 0), Says.Flushed("pool-a", 0), Says.PoolEvicted("pool-a", 1)]),
        ("staged", [Says.DoorStored("/d/f", 0), Says.Flushed("pool-a", 0), Says.PoolEvicted("pool-a", 1), Says.Restored("pool-a", 2)]),
        ("replicated", [Says.DoorStored("/d/f", 0), Says.PoolHas("pool-a", 0), Says.PoolHas("pool-b", 0)]),
        ("lost", [Says.DoorStored("/d/f", 0), Says.PoolHas("pool-a", 0), Says.PoolCleaned("pool-a", 1)]),
        ("deleted", [Says.DoorStored("/d/f", 0), Says.PoolHas("pool-a", 0), Says.DoorDeleted("/d/f", 1)]),
    ];

    private static readonly (string Name, FileFacts Says)[] Events =
    [
        ("a door: stored", Says.DoorStored("/d/f", 10)),
        ("a door: uploading", Says.DoorUploading()),
        ("a door: deleted", Says.DoorDeleted("/d/f", 10)),
        ("pool-a: has it", Says.PoolHas("pool-a", 10)),
        ("pool-b: has it", Says.PoolHas("pool-b", 10)),
        ("pool-a: evicted", Says.PoolEvicted("pool-a", 10)),
        ("pool-a: removed", Says.PoolCleaned("pool-a", 10)),
        ("pool-a: corrupt", Says.PoolCorrupt("pool-a", 10)),
        ("flushed to tape", Says.Flushed("pool-a", 10)),
        ("restored from tape", Says.Restored("pool-a", 10)),
        ("namespace: renamed", new FileFacts { Path = new PathRegister(PathRank.Namespace, Says.At(10), "/d/g") }),
        ("any failed record", FileFacts.Nothing),
    ];

    [Fact]
    public void The_table_in_src_is_what_the_code_does()
    {
        var file = Path.Combine(SourceTree.Root, "src", "EventGrains.Core", "Files", "StateTable.md");
        var table = Table();
        if (Environment.GetEnvironmentVariable("EVENTGRAINS_REWRITE") == "1")
        {
            File.WriteAllText(file, table);
        }

        Assert.Equal(File.ReadAllText(file), table);
    }

    private static string Table()
    {
        var rulebook = new Rulebook(Definitions.Empty);
        var text = new StringBuilder(
            """
            # Every state and every event

            Rows are states, columns what is heard next (with a later clock). A cell gives the status and locality after it, and the kind of
            the transition; `=` says that nothing visible changes and nothing is told. Written by `StateTableTests`, which fails when the code
            does anything else.


            """);
        text.Append("| | ").AppendJoin(" | ", Events.Select(e => e.Name)).Append(" |\n");
        text.Append("|---|").Append(string.Concat(Enumerable.Repeat("---|", Events.Length))).Append('\n');
        foreach (var (name, said) in States)
        {
            var facts = FileFactsLaws.Joined(said);
            var state = FileState.New(Says.File, 1) with { Facts = facts, Version = said.Length == 0 ? 0 : 1 };
            text.Append("| **").Append(name).Append("** |");
            foreach (var (_, says) in Events)
            {
                var decision = Decision.Of(state, Says.Event(says), default, rulebook, Says.Noon);
                text.Append(' ').Append(Cell(decision)).Append(" |");
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    private static string Cell(Decision? decision)
    {
        if (decision?.Transition is not { } transition)
        {
            return "=";
        }

        var kind = transition.Kind.ToString();
        return $"{transition.Status}, {transition.Locality}: *{kind}*".ToLowerInvariant().Replace(kind.ToLowerInvariant(), char.ToLowerInvariant(kind[0]) + kind[1..], StringComparison.Ordinal);
    }
}
