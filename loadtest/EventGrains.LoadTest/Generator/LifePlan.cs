using System.Globalization;

namespace EventGrains.LoadTest.Generator;

/// <summary>Which lives a workload has.</summary>
internal enum LifeMix
{
    /// <summary>About four records per file, all kinds of lives.</summary>
    Full,

    /// <summary>One or two records per file: written, and reported by the door or by both.</summary>
    Short,

    /// <summary>One door record per file, so that each event makes one transition.</summary>
    Single,
}

/// <summary>Plans the lives of files: seed and number in, truth out.</summary>
/// <param name="datasets">How many datasets the files of the full mix are spread over, 1 to 10.</param>
internal sealed class LifePlan(ulong seed, LifeMix mix, int datasets = LifePlan.Datasets)
{
    public const int Datasets = 10;

    /// <summary>Outside the full mix, every twentieth file lies under <c>/d</c>.</summary>
    public const int ListedShare = 20;

    private const int FilesPerRun = 2_000;

    /// <summary>Files a second in the dates that records carry.</summary>
    private const int MillisecondsPerFile = 5;

    /// <summary>Longer than a flush takes, whose record is dated at its beginning: nothing happens to a file while it is flushed.</summary>
    private const int MillisecondsBetweenMin = 180_000;

    public FileLife Plan(int number)
    {
        var dice = Dice.For(seed, (ulong)number);
        var native = $"0000{dice.Next():X16}{(uint)dice.Next():X8}{number:X8}";
        var size = 1_000L + (long)(dice.Next() % 8_000_000_000UL);
        var path = PathOf(number, ref dice);
        var story = new Story(ref dice, (long)number * MillisecondsPerFile);
        Tell(ref story, mix);
        return new FileLife { Number = number, Native = native, Path = path, Size = size, Happenings = story.Happenings };
    }

    /// <summary>Ten experiments, one dataset each. 2 % of the files lie where the ten rules look, 1 % where each of four subscribers does.</summary>
    private string PathOf(int number, ref Dice dice)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"evt-{number:D9}-{(uint)dice.Next():x8}-detector.h5");
        var run = number / FilesPerRun;
        var place = dice.Below(1000);
        if (mix != LifeMix.Full)
        {
            return number % ListedShare == 0 ? $"/d/run{run:D6}/{name}" : $"/data/exp{place % 10}/run{run:D6}/raw/{name}";
        }

        var stream = place switch
        {
            < 20 => $"calib{place / 2}",
            < 60 => $"watch{(place - 20) / 10}",
            _ => "raw",
        };
        return $"/data/exp{dice.Below(Datasets) % datasets}/run{run:D6}/{stream}/{name}";
    }

    private static void Tell(ref Story story, LifeMix mix)
    {
        switch (mix)
        {
            case LifeMix.Single:
                story.Add(HappeningKind.Announced, story.Origin);
                return;
            case LifeMix.Short:
                story.Add(story.Lot(2) == 0 ? HappeningKind.Announced : HappeningKind.Written, story.Origin);
                return;
            default:
                TellFull(ref story);
                return;
        }
    }

    private static void TellFull(ref Story story)
    {
        var lot = story.Lot(1000);
        switch (lot)
        {
            case < 30:
                story.Add(HappeningKind.WriteFailed, story.Origin);
                return;
            case < 50:
                story.Add(HappeningKind.DoorFailed, story.Origin);
                story.Add(HappeningKind.Cleaned, story.Origin);
                return;
            case < 130:
                // Older than our records: nothing ever says its size, since a read may not.
                story.Add(HappeningKind.Read, story.Origin);
                story.AddReads(300);
                return;
        }

        story.Add(HappeningKind.Written, story.Origin);
        switch (lot)
        {
            case < 330:
                story.AddReads(500);
                break;
            case < 480:
                story.Add(HappeningKind.Flushed, story.Origin);
                story.AddReads(250);
                break;
            case < 580:
                story.Add(HappeningKind.FlushFailed, story.Origin);
                story.Add(HappeningKind.Flushed, story.Origin);
                story.Add(HappeningKind.Evicted, story.Origin);
                break;
            case < 740:
                story.Add(HappeningKind.Flushed, story.Origin);
                story.Add(HappeningKind.Evicted, story.Origin);
                story.Add(HappeningKind.Restored, story.Lot(2) == 0 ? story.Origin : story.Other);
                story.AddReads(200);
                break;
            case < 800:
                story.Add(HappeningKind.Read, story.Other);
                break;
            case < 820:
                // Evicted although nothing says it is on tape: the storage knows where it is, so it is not lost.
                story.Add(HappeningKind.Evicted, story.Origin);
                break;
            case < 840:
                // The only copy is cleaned away and no door says that anybody deleted the file.
                story.Add(HappeningKind.Cleaned, story.Origin);
                break;
            case < 900:
                story.Add(HappeningKind.Read, story.Other);
                story.Add(HappeningKind.Deleted, story.Origin);
                story.Add(HappeningKind.Cleaned, story.Origin);
                story.Add(HappeningKind.Cleaned, story.Other);
                break;
            default:
                story.Add(HappeningKind.Deleted, story.Origin);
                story.Add(HappeningKind.Cleaned, story.Origin);
                break;
        }
    }

    /// <summary>Happenings in their true order, each some seconds to hours after the one before.</summary>
    private ref struct Story
    {
        private readonly List<Happening> _happenings = new(6);
        private Dice _dice;
        private long _at;

        public Story(ref Dice dice, long at)
        {
            _dice = dice;
            _at = at;
            Origin = (byte)_dice.Below(FileLife.Pools);
            Other = (byte)((Origin + 1 + _dice.Below(FileLife.Pools - 1)) % FileLife.Pools);
        }

        public byte Origin { get; }

        public byte Other { get; }

        public readonly Happening[] Happenings => [.. _happenings];

        public int Lot(int end) => _dice.Below(end);

        public void Add(HappeningKind kind, byte pool)
        {
            _at += MillisecondsBetweenMin + _dice.Below(3_600_000);
            _happenings.Add(new Happening(kind, pool, _at));
        }

        public void AddReads(int perThousand)
        {
            if (_dice.Chance(perThousand))
            {
                Add(HappeningKind.Read, _happenings[^1].Pool);
            }
        }
    }
}
