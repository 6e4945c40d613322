using EventGrains.Contracts.Status;
using EventGrains.Files;
using EventGrains.Silo.Store.Postgres;
using EventGrains.Tests.Sources;
using Microsoft.Extensions.Time.Testing;

namespace EventGrains.Tests.Store.Postgres;

/// <summary>What the shards of a silo load is asked together, and each is answered as if it had asked alone.</summary>
public sealed class FileLoadsTests : IDisposable
{
    private static readonly FileId Unreadable = Sample.IdIn(0, 99);

    private readonly Lock _lock = new();
    private readonly List<Asking> _questions = [];
    private readonly FakeTimeProvider _time = new();
    private readonly FileLoads _loads;
    private readonly SemaphoreSlim _cameIn = new(0);

    public FileLoadsTests() => _loads = new FileLoads(ids =>
    {
        var question = new Asking([.. ids]);
        lock (_lock)
        {
            _questions.Add(question);
        }

        _cameIn.Release();
        return question.Answer.Task;
    }, _time);

    /// <remarks>Near the database an answer comes sooner than that; two questions for a few files each cost the database twice as much.</remarks>
    [Fact]
    public async Task Beside_a_young_question_what_comes_waits_for_its_answer()
    {
        var first = await Asked(1);
        var (second, third) = (_loads.Load(Ids(2)), _loads.Load(Ids(3)));
        Assert.Single(_questions);

        AnswerAll();
        await IsAsked();
        Assert.Equal(Ids(2, 3), _questions[^1].Ids);
        AnswerAll();

        await Task.WhenAll(first, second, third);
    }

    /// <remarks>Far from the database an answer takes long, and the shards of one silo ask one after the other within a millisecond.</remarks>
    [Fact]
    public async Task Beside_a_question_that_stays_away_what_waits_is_asked_though_no_other_call_comes()
    {
        var first = await Asked(1);
        var (second, third) = (_loads.Load(Ids(2)), _loads.Load(Ids(3)));
        Assert.Single(_questions);

        _time.Advance(TimeSpan.FromMilliseconds(8));
        await IsAsked();

        Assert.Equal(Ids(2, 3), _questions[^1].Ids);
        AnswerAll();
        await Task.WhenAll(first, second, third);
    }

    [Fact]
    public async Task Many_files_do_not_wait_beside_a_young_question()
    {
        var first = await Asked(1);
        var many = _loads.Load(Ids([.. Enumerable.Range(1_000, 256)]));

        await IsAsked();

        Assert.Equal(256, _questions[^1].Ids.Count);
        AnswerAll();
        await Task.WhenAll(first, many);
    }

    [Fact]
    public async Task What_comes_while_three_are_on_their_way_is_asked_as_one()
    {
        var (first, second, another) = (await Asked(1), await Asked(2), await Asked(6));
        var (third, fourth) = (_loads.Load(Ids(3, 4)), _loads.Load(Ids(4, 5)));

        AnswerAll();
        await IsAsked();
        Assert.Equal(Ids(3, 4, 5), _questions[^1].Ids);
        AnswerAll();

        Assert.Equal(Ids(1), await IdsOf(first));
        Assert.Equal(Ids(2), await IdsOf(second));
        Assert.Equal(Ids(6), await IdsOf(another));
        Assert.Equal(Ids(3, 4), await IdsOf(third));
        Assert.Equal(Ids(4, 5), await IdsOf(fourth));
    }

    [Fact]
    public async Task A_row_that_cannot_be_read_fails_its_own_call_alone()
    {
        var (first, second) = (await Asked(1), await Asked(2));
        var (good, bad) = (_loads.Load(Ids(3)), _loads.Load([Unreadable]));

        AnswerAll();
        await IsAsked();
        AnswerAll();
        await IsAsked();
        await IsAsked();
        AnswerAll();

        Assert.Equal(Ids(3), await IdsOf(good));
        Assert.Contains("cannot be read", (await Assert.ThrowsAsync<InvalidDataException>(() => bad)).Message, StringComparison.Ordinal);
        await Task.WhenAll(first, second);
    }

    [Fact]
    public async Task A_store_that_is_away_fails_all_of_them_at_once()
    {
        var (first, second) = (await Asked(1), await Asked(2));
        var waiting = new[] { _loads.Load(Ids(3)), _loads.Load(Ids(4)) };

        AnswerAll();
        await IsAsked();
        var questions = _questions.Count;
        _questions[^1].Answer.SetException(new StoreAwayException("away"));

        await Assert.ThrowsAsync<StoreAwayException>(() => waiting[0]);
        await Assert.ThrowsAsync<StoreAwayException>(() => waiting[1]);
        Assert.Equal(questions, _questions.Count);
        await Task.WhenAll(first, second);
    }

    [Fact]
    public async Task One_question_is_for_so_many_files_and_the_rest_is_asked_next()
    {
        var (first, second, third) = (await Asked(1), await Asked(2), await Asked(3));
        var calls = Enumerable.Range(0, 8).Select(c => _loads.Load(Ids([.. Enumerable.Range(1_000 * c, 1_000)]))).ToList();

        AnswerAll();
        await IsAsked();
        await IsAsked();
        await IsAsked();
        Assert.All(_questions[^3..], q => Assert.Equal(2_000, q.Ids.Count));
        AnswerAll();
        await IsAsked();
        AnswerAll();

        Assert.All(await Task.WhenAll(calls), states => Assert.Equal(1_000, states.Length));
        await Task.WhenAll(first, second, third);
    }

    public void Dispose() => _cameIn.Dispose();

    private static List<FileId> Ids(params int[] numbers) => [.. numbers.Select(n => new FileId("dcache", $"{n:X36}"))];

    private static async Task<List<FileId>> IdsOf(Task<FileState?[]> loaded) => [.. (await loaded).Select(s => s!.Id)];

    /// <summary>One more is asked, when what gathers has had its time.</summary>
    private Task IsAsked() => Eventually.Is(
        () =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(1));
            return _cameIn.Wait(0);
        },
        () => "nothing more is asked");

    /// <summary>A call that was asked and is not answered yet.</summary>
    private async Task<Task<FileState?[]>> Asked(int number)
    {
        _time.Advance(TimeSpan.FromMilliseconds(8));
        var call = _loads.Load(Ids(number));
        await IsAsked();
        return call;
    }

    private void AnswerAll()
    {
        List<Asking> open;
        lock (_lock)
        {
            open = _questions.FindAll(q => !q.Answer.Task.IsCompleted);
        }

        foreach (var question in open)
        {
            if (question.Ids.Contains(Unreadable))
            {
                question.Answer.SetException(new InvalidDataException("the row cannot be read"));
            }
            else
            {
                question.Answer.SetResult([.. question.Ids.Select((id, i) => Sample.New(id, i + 1))]);
            }
        }
    }

    private sealed record Asking(List<FileId> Ids)
    {
        public TaskCompletionSource<FileState?[]> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
