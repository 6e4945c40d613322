using EventGrains.Silo.Shards;

namespace EventGrains.Tests.Shards;

/// <summary>A call that is made again while it is at work is not worked on twice.</summary>
public sealed class CallsAtWorkTests
{
    private readonly CallsAtWork<int> _calls = new();
    private readonly List<TaskCompletionSource<int>> _begun = [];

    [Fact]
    public async Task The_second_waits_for_the_answer_to_the_first()
    {
        var name = Guid.NewGuid();
        var (first, second, other) = (Call(name), Call(name), Call(Guid.NewGuid()));

        _begun[0].SetResult(7);
        _begun[1].SetResult(8);

        int[] answers = await Task.WhenAll(first, second, other);
        Assert.Equal([7, 7, 8], answers);
        Assert.Equal(0, _calls.Count);
    }

    [Fact]
    public async Task What_fails_fails_for_both_and_the_next_is_worked_on()
    {
        var name = Guid.NewGuid();
        var (first, second) = (Call(name), Call(name));
        _begun[0].SetException(new InvalidOperationException("not durable"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        await Assert.ThrowsAsync<InvalidOperationException>(() => second);
        var third = Call(name);
        _begun[1].SetResult(7);

        Assert.Equal(7, await third);
    }

    [Fact]
    public void Calls_without_a_name_are_all_worked_on()
    {
        _ = (Call(Guid.Empty), Call(Guid.Empty));

        Assert.Equal(2, _begun.Count);
        Assert.Equal(0, _calls.Count);
    }

    private Task<int> Call(Guid name) => _calls.Join(name, () =>
    {
        _begun.Add(new TaskCompletionSource<int>());
        return _begun[^1].Task;
    });
}
