using EventGrains.Silo.Store;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Storage;
using Orleans.TestingHost;

namespace EventGrains.Tests.Store;

public sealed class StoreGrainStorageTests : IAsyncLifetime
{
    private readonly MemoryStore _store = new(Sample.Shards);
    private InProcessTestCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton<IStore>(_store);
            silo.AddStoreGrainStorage();
        });
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    private ICounterGrain Counter(string key) => _cluster.Client.GetGrain<ICounterGrain>(key);

    [Fact]
    public async Task A_state_outlives_its_activation()
    {
        Assert.Equal(1, await Counter("a").Add());
        Assert.Equal(2, await Counter("a").Add());
        await Counter("a").Sleep();

        Assert.Equal(3, await Counter("a").Add());
        Assert.Equal(1, await Counter("A").Add());
    }

    [Fact]
    public async Task A_cleared_state_begins_again()
    {
        await Counter("b").Add();
        await Counter("b").Clear();

        Assert.Equal(1, await Counter("b").Add());
        await Counter("b").Sleep();
        Assert.Equal(2, await Counter("b").Add());
    }

    [Fact]
    public async Task Keys_that_look_like_one_number_are_two_grains()
    {
        await Counter("0A").Add();

        Assert.Equal(1, await Counter("A").Add());
        Assert.Equal(1, await Counter("000A").Add());
    }

    [Fact]
    public async Task A_write_over_what_another_activation_wrote_is_refused()
    {
        var services = _cluster.GetSiloServiceProvider(_cluster.Silos[0].SiloAddress);
        var storage = services.GetRequiredKeyedService<IGrainStorage>("Default");
        var id = GrainId.Create("counter", "c");
        var (first, second) = (new GrainState<CounterState>(), new GrainState<CounterState>());
        await storage.ReadStateAsync("counter", id, first);
        await storage.ReadStateAsync("counter", id, second);
        Assert.False(first.RecordExists);
        first.State!.Value = 1;
        await storage.WriteStateAsync("counter", id, first);

        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync("counter", id, second));
        await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync("counter", id, second));

        await storage.ReadStateAsync("counter", id, second);
        Assert.True(second.RecordExists);
        Assert.Equal(1, second.State!.Value);
        await storage.WriteStateAsync("counter", id, first);
        Assert.Equal("2", first.ETag);
    }
}

[Alias("EventGrains.Tests.ICounterGrain")]
public interface ICounterGrain : IGrainWithStringKey
{
    [Alias("Add")]
    Task<int> Add();

    [Alias("Clear")]
    Task Clear();

    [Alias("Sleep")]
    Task Sleep();
}

[GenerateSerializer, Alias("EventGrains.Tests.CounterState")]
public sealed class CounterState
{
    [Id(0)]
    public int Value { get; set; }
}

public sealed class CounterGrain([PersistentState("counter", "Default")] IPersistentState<CounterState> state) : Grain, ICounterGrain
{
    public async Task<int> Add()
    {
        state.State = new CounterState { Value = state.State.Value + 1 };
        await state.WriteStateAsync();
        return state.State.Value;
    }

    public Task Clear() => state.ClearStateAsync();

    public Task Sleep()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
