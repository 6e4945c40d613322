using System.Collections.Concurrent;
using EventGrains.Contracts.Transitions;
using Orleans.Providers.Streams.Common;
using Orleans.Streams;
using Orleans.Streams.Core;

namespace EventGrains.Tests.Streams;

/// <summary>A workflow engineer's grain, one for each file: keeps what it saw, and drops the versions that it has seen.</summary>
public interface IFileWatcherGrain : IGrainWithStringKey
{
    /// <summary>Forgets all, and asks for everything that the log keeps with the file's next transition.</summary>
    Task Rewind();
}

[ImplicitStreamSubscription(TransitionStreams.Files)]
public sealed class FileWatcherGrain : Grain, IFileWatcherGrain, IStreamSubscriptionObserver, IAsyncObserver<LoggedTransition>
{
    private int _seen;

    public static ConcurrentDictionary<string, Seen> Files { get; } = [];

    private Seen Mine => Files.GetOrAdd(this.GetPrimaryKeyString(), _ => new Seen());

    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<LoggedTransition>().ResumeAsync(this, Mine.Rewinds ? new EventSequenceTokenV2(0) : null);

    public Task OnNextAsync(LoggedTransition item, StreamSequenceToken? token = null)
    {
        Mine.Attempts.Enqueue(item.Transition.Version);
        if (item.Transition.Version == Mine.FailsOn)
        {
            throw new InvalidOperationException("this grain cannot stand it");
        }

        if (item.Transition.Version > _seen)
        {
            _seen = item.Transition.Version;
            Mine.Versions.Enqueue(_seen);
        }

        return Task.CompletedTask;
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    public Task Rewind()
    {
        Mine.Rewinds = true;
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    /// <summary>What one file's grain saw, over all its activations: what a real one would keep in its state.</summary>
    public sealed class Seen
    {
        public ConcurrentQueue<int> Versions { get; } = [];

        public ConcurrentQueue<int> Attempts { get; } = [];

        public int FailsOn { get; set; }

        public bool Rewinds { get; set; }
    }
}

/// <summary>Subscribes to any stream when it is told to.</summary>
public interface ISubscriberGrain : IGrainWithStringKey
{
    Task Subscribe(string streamNamespace, string key, long? fromToken = null, bool fromEarliest = false);

    Task Unsubscribe(string streamNamespace, string key);
}

public sealed class SubscriberGrain : Grain, ISubscriberGrain, IAsyncObserver<LoggedTransition>
{
    public static ConcurrentDictionary<string, ConcurrentQueue<LoggedTransition>> Heard { get; } = [];

    // Explicit subscriptions outlive an activation: whoever is called again takes them up again.
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        foreach (var (streamNamespace, key) in Subscriptions.GetValueOrDefault(this.GetPrimaryKeyString()) ?? [])
        {
            foreach (var handle in await StreamOf(streamNamespace, key).GetAllSubscriptionHandles())
            {
                await handle.ResumeAsync(this);
            }
        }
    }

    private static ConcurrentDictionary<string, ConcurrentQueue<(string Namespace, string Key)>> Subscriptions { get; } = [];

    public async Task Subscribe(string streamNamespace, string key, long? fromToken, bool fromEarliest)
    {
        var stream = StreamOf(streamNamespace, key);
        await (fromEarliest
            ? stream.SubscribeAsync(this, StreamSubscriptionStartPosition.EarliestAvailable)
            : stream.SubscribeAsync(this, fromToken is { } token ? new EventSequenceTokenV2(token) : null));
        Subscriptions.GetOrAdd(this.GetPrimaryKeyString(), _ => []).Enqueue((streamNamespace, key));
    }

    public async Task Unsubscribe(string streamNamespace, string key)
    {
        foreach (var handle in await StreamOf(streamNamespace, key).GetAllSubscriptionHandles())
        {
            await handle.UnsubscribeAsync();
        }
    }

    public Task OnNextAsync(LoggedTransition item, StreamSequenceToken? token = null)
    {
        Heard.GetOrAdd(this.GetPrimaryKeyString(), _ => []).Enqueue(item);
        return Task.CompletedTask;
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    private IAsyncStream<LoggedTransition> StreamOf(string streamNamespace, string key) =>
        this.GetStreamProvider(TransitionStreams.Provider).GetStream<LoggedTransition>(streamNamespace, key);
}
