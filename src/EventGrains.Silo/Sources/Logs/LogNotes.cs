using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using EventGrains.Contracts.Shards;
using EventGrains.Silo.Posix;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>A partition's generations and whether it rests or is paused; kept in the partition's row. Pure: each change gives another.</summary>
/// <remarks>A generation is in the row before a range of it is sent, so a number never means two things.</remarks>
internal sealed record LogNotes
{
    /// <summary>How many generations are remembered. Older ones that every shard has passed are forgotten; should such a file still
    /// match the glob, it is taken for a new one and read again, which changes nothing that is known. While shards lag behind so
    /// many, late files wait.</summary>
    public const int GenerationsMax = 256;

    public static readonly LogNotes Empty = new();

    public ImmutableArray<LogGeneration> Generations { get; init; } = [];

    public LogRest? Rest { get; init; }

    public LogPause? Pause { get; init; }

    [JsonIgnore]
    public LogGeneration? Last => Generations.IsEmpty ? null : Generations[^1];

    /// <summary>The last thing that was lost, for the source's view; null when nothing was.</summary>
    [JsonIgnore]
    public LogGeneration? LastGap => Generations.LastOrDefault(g => g.Entry == GenerationEntry.Gap);

    public static LogNotes Read(string? detail) =>
        string.IsNullOrEmpty(detail) ? Empty : JsonSerializer.Deserialize(detail, LogNotesJson.Default.LogNotes) ?? Empty;

    public string Write() => JsonSerializer.Serialize(this, LogNotesJson.Default.LogNotes);

    public bool Knows(FileIdentity file) => Generations.Any(g => g.File == file);

    public LogGeneration? Numbered(long number) => Generations.FirstOrDefault(g => g.Number == number);

    public LogGeneration? After(long number) => Generations.FirstOrDefault(g => g.Number > number);

    /// <summary>A file's content follows what was there before.</summary>
    public LogNotes Follow(FileIdentity file, string name) =>
        With(new LogGeneration(Next, file, name, 0, null, GenerationEntry.Followed));

    /// <param name="settled">The file as it is now, if nothing in it is unread.</param>
    public LogNotes Close(long number, long end, string? check = null, LogRest? settled = null) =>
        Change(number, g => g with { End = end, EndCheck = check, Settled = settled });

    /// <summary>A finished file has changed, and holds nothing that was not read.</summary>
    public LogNotes Settle(long number, LogRest now) => Change(number, g => g with { Settled = now });

    /// <summary>The rest of a generation is read from another file that holds the same bytes.</summary>
    public LogNotes Carry(long number, FileIdentity file, string name) => Change(number, g => g with { File = file, Name = name, Settled = null });

    /// <summary>Reads the last file from <paramref name="position"/> on, whatever was read of it.</summary>
    public LogNotes Seek(long position)
    {
        var last = Generations.LastOrDefault(g => g.File is not null);
        return last is null ? this : With(new LogGeneration(Next, last.File, last.Name, position, last.End, GenerationEntry.Sought));
    }

    /// <summary>What follows <paramref name="at"/> in its generation cannot be had; the generations after it are read after that was said.</summary>
    public LogNotes Lose(RangePoint at, string? check, string note)
    {
        var later = Generations.Where(g => g.Number > at.Generation && g.File is not null).ToArray();
        var notes = Close(at.Generation, at.Position, check)
            .With(new LogGeneration(Next, null, "", 0, 0, GenerationEntry.Gap, at, note));
        return later.Aggregate(notes, (n, g) => n.With(g with { Number = n.Next, Entry = GenerationEntry.Followed }));
    }

    /// <summary>A file that was taken for finished holds more, or something else: its new bytes are a generation of their own.</summary>
    public LogNotes FollowLate(LateFile late) =>
        With(new LogGeneration(Next, late.Known.File, late.Known.Name, late.Start!.Value, null, GenerationEntry.Followed, StartCheck: late.Check));

    /// <summary>As <see cref="FollowLate"/>, and then the present one goes on, from where it was left.</summary>
    /// <param name="present">The last one: of any other the position would be written to the wrong file.</param>
    public LogNotes Late(LateFile late, LogGeneration present, long presentPosition, string? presentCheck)
    {
        if (present.Number != Last?.Number || presentPosition < present.Start)
        {
            throw new ArgumentException($"a late file cannot break into generation {present.Number} at {presentPosition}; the last one is {Last}", nameof(present));
        }

        return Close(present.Number, presentPosition, presentCheck)
            .FollowLate(late)
            .WithNext(n => present with
            {
                Number = n, Start = presentPosition, StartCheck = presentCheck, Entry = GenerationEntry.Followed, Lost = null, Note = null,
            });
    }

    /// <summary>Whether a generation is what came late of a file: others wait for it.</summary>
    public bool IsLate(LogGeneration generation) => generation.Start > 0 && generation.Number < Last?.Number;

    /// <summary>Late files make generations as long as somebody writes to them: no more than can be forgotten again.</summary>
    public bool HasRoomForLate(long committedGeneration) => Generations.Count(g => g.Number >= committedGeneration) < GenerationsMax;

    /// <summary>Where to begin reading, so that every shard gets what it lacks.</summary>
    /// <param name="stands">Where each shard stands durably.</param>
    public RangePoint BeginFor(IReadOnlyList<RangePoint> stands)
    {
        var jump = Jump;
        var lowest = stands.Min(s => jump is not null && s < jump.Begin ? jump.Begin : s);
        return lowest.Generation == 0 && !Generations.IsEmpty ? Generations[0].Begin : lowest;
    }

    /// <summary>The last generation that shards enter from wherever they stand.</summary>
    [JsonIgnore]
    public LogGeneration? Jump => Generations.LastOrDefault(g => g.Entry != GenerationEntry.Followed);

    /// <summary>
    /// Forgets what all shards have passed: generations that a later one of the same file makes needless, so that late writers
    /// push out no other file, and the oldest beyond the bound.
    /// </summary>
    public LogNotes Trim(long committedGeneration)
    {
        var later = new HashSet<FileIdentity>();
        var kept = Generations.Reverse()
            .Where(g => g.File is not { } file || later.Add(file) || g.Number >= committedGeneration)
            .Reverse()
            .ToImmutableArray();
        var surplus = kept.Length - GenerationsMax;
        var passed = kept.TakeWhile(g => g.Number < committedGeneration).Count();
        kept = surplus <= 0 ? kept : kept.RemoveRange(0, Math.Min(surplus, passed));
        return kept.Length == Generations.Length ? this : this with { Generations = kept };
    }

    private long Next => (Last?.Number ?? 0) + 1;

    private LogNotes With(LogGeneration generation) => this with { Generations = Generations.Add(generation), Rest = null };

    private LogNotes WithNext(Func<long, LogGeneration> generation) => With(generation(Next));

    private LogNotes Change(long number, Func<LogGeneration, LogGeneration> change) =>
        this with { Generations = [.. Generations.Select(g => g.Number == number ? change(g) : g)] };
}

[JsonSerializable(typeof(LogNotes))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
internal sealed partial class LogNotesJson : JsonSerializerContext;
