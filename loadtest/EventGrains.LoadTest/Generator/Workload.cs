namespace EventGrains.LoadTest.Generator;

/// <summary>A stream of records about many files, exactly as many as asked for, the same for the same seed.</summary>
/// <remarks>
/// Files come and go in a sliding window, so most are new. 1 % of the records come again, byte for byte, up to
/// <see cref="DuplicateDistanceMax"/> records later; 2 % change places with their neighbour. Every life is told to its end,
/// so that the truth at the end of the stream is the truth of each life.
/// </remarks>
internal sealed class Workload
{
    public const int WindowFiles = 2_000;
    public const int DuplicateDistanceMax = 4_096;
    public const int SwappedPerThousand = 20;
    private const int TwinFollowsPerThousand = 800;

    private readonly LifePlan _plan;
    private readonly ulong _seed;
    private readonly FileLife? _hot;

    private Workload(ulong seed, LifePlan plan, int first, int files, int records, int events, FileLife? hot = null)
    {
        (_seed, _plan, _hot) = (seed, plan, hot);
        (First, Files, Records, Events) = (first, files, records, events);
    }

    /// <summary>The number of the first life.</summary>
    public int First { get; }

    /// <summary>How many lives there are.</summary>
    public int Files { get; }

    /// <summary>How many different records.</summary>
    public int Records { get; }

    /// <summary>How many records with duplicates.</summary>
    public int Events { get; }

    /// <param name="hotShare">The share of the records that is of one file, the last by number.</param>
    public static Workload OfEvents(int seed, LifeMix mix, int events, int datasets = LifePlan.Datasets, double hotShare = 0)
    {
        var plan = new LifePlan((ulong)seed, mix, datasets);
        var (files, records) = (0, 0);
        var max = events - events / 101;
        var hot = (int)(max * hotShare);
        for (; ; files++)
        {
            var more = plan.Plan(files).Records;
            if (records + more > max - hot)
            {
                break;
            }

            records += more;
        }

        return hot == 0
            ? new Workload((ulong)seed, plan, 0, files, records, files == 0 ? 0 : events)
            : new Workload((ulong)seed, plan, 0, files + 1, records + hot, events, HotLife.Plan(plan.Plan(files), hot));
    }

    public static Workload OfFiles(int seed, LifeMix mix, int files, int first = 0)
    {
        var plan = new LifePlan((ulong)seed, mix);
        var records = Enumerable.Range(first, files).Sum(number => plan.Plan(number).Records);
        return new Workload((ulong)seed, plan, first, files, records, records + records / 100);
    }

    /// <summary>The planned life of a file; the oracle asks for it again after the run instead of remembering it.</summary>
    public FileLife Life(int number) => number == _hot?.Number ? _hot : _plan.Plan(number);

    /// <summary>Whether a life of ours has this number.</summary>
    public bool Has(int number) => number >= First && number < First + Files;

    /// <summary>All records in the order in which they are published.</summary>
    public IEnumerable<Record> Stream()
    {
        var dice = Dice.For(_seed, ulong.MaxValue);
        using var records = Doubled().GetEnumerator();
        while (records.MoveNext())
        {
            var record = records.Current;
            if (dice.Chance(SwappedPerThousand) && records.MoveNext())
            {
                yield return records.Current;
            }

            yield return record;
        }
    }

    private IEnumerable<Record> Doubled()
    {
        var dice = Dice.For(_seed, ulong.MaxValue - 1);
        var due = new PriorityQueue<Record, int>();
        var (place, told) = (0, 0L);
        foreach (var record in Mixed())
        {
            for (; due.TryPeek(out var again, out var at) && at <= place; place++)
            {
                due.Dequeue();
                yield return again;
            }

            yield return record;
            place++;

            // Spread evenly: after n of all records, n/all of the duplicates are planned.
            var before = told++ * (Events - Records) / Records;
            if (told * (Events - Records) / Records > before)
            {
                due.Enqueue(record, place + dice.Below(DuplicateDistanceMax));
            }
        }

        while (due.TryDequeue(out var again, out _))
        {
            yield return again;
        }
    }

    /// <summary>The window's records, and between them those of the hot file, spread evenly.</summary>
    private IEnumerable<Record> Mixed()
    {
        var hot = _hot is null ? null : new Told(_hot);
        var (hotRecords, others) = ((long)(_hot?.Records ?? 0), Records - (long)(_hot?.Records ?? 0));
        var (hotTold, told) = (0L, 0L);
        foreach (var record in Windowed())
        {
            yield return record;
            for (told++; hotTold * others < told * hotRecords; hotTold++)
            {
                yield return hot!.Next();
            }
        }
    }

    private IEnumerable<Record> Windowed()
    {
        var dice = Dice.For(_seed, ulong.MaxValue - 2);
        var window = new List<Told>(WindowFiles);
        var end = First + Files - (_hot is null ? 0 : 1);
        for (var next = First; next < end || window.Count > 0;)
        {
            while (window.Count < WindowFiles && next < end)
            {
                window.Add(new Told(_plan.Plan(next++)));
            }

            var place = dice.Below(window.Count);
            var told = window[place];
            yield return told.Next();
            if (told.AtTwin && dice.Chance(TwinFollowsPerThousand))
            {
                yield return told.Next();
            }

            if (told.IsOver)
            {
                window[place] = window[^1];
                window.RemoveAt(window.Count - 1);
            }
        }
    }

    /// <summary>How far the telling of one life has come.</summary>
    private sealed class Told(FileLife life)
    {
        private int _happening;
        private bool _byDoor = StartsAtDoor(life, 0);

        public bool IsOver => _happening == life.Happenings.Length;

        /// <summary>The pool has spoken and the door has not.</summary>
        public bool AtTwin => !IsOver && _byDoor && FileLife.RecordsOf(life.Happenings[_happening].Kind) == 2;

        public Record Next()
        {
            var record = new Record(life, _happening, _byDoor);
            if (!_byDoor && FileLife.RecordsOf(life.Happenings[_happening].Kind) == 2)
            {
                _byDoor = true;
                return record;
            }

            _byDoor = StartsAtDoor(life, ++_happening);
            return record;
        }

        private static bool StartsAtDoor(FileLife life, int happening) =>
            happening < life.Happenings.Length && life.Happenings[happening].Kind is HappeningKind.Announced or HappeningKind.Deleted;
    }
}
