using System.Globalization;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Transitions;
using Orleans.Providers.Streams.Common;
using Orleans.Streams;

namespace EventGrains.Noop;

/// <summary>The action <c>witness</c>: from now on every transition of the file is written down, from its first.</summary>
[Action("witness")]
internal sealed class WitnessActionGrain(TimeProvider time) : Grain, IActionGrain
{
    public Task Start(ActionRequest request)
    {
        var (file, witness) = (GrainFactory.GetFile(request.Claim.File), GrainFactory.GetGrain<IWitnessGrain>(request.Claim.File.ToString()));
        Attempt.Begin(file, request.Claim, time, async _ =>
        {
            await witness.Follow();
            return new StepOutcome(Done: true);
        });
        return Task.CompletedTask;
    }
}

/// <summary>Follows one file, whose id is its key.</summary>
[Alias("EventGrains.Noop.IWitnessGrain")]
internal interface IWitnessGrain : IGrainWithStringKey
{
    /// <summary>Subscribes; once is enough, and more do no harm.</summary>
    [Alias("Follow")]
    Task Follow();
}

/// <param name="HasBegun">Something was delivered: the stream knows from there on where we stand.</param>
[GenerateSerializer, Alias("EventGrains.Noop.WitnessState")]
internal sealed record WitnessState([property: Id(0)] bool HasBegun)
{
    public WitnessState()
        : this(false)
    {
    }
}

/// <summary>A line for each delivery, as it comes: when, the file, the version. Version 0 is the subscription.</summary>
internal sealed class WitnessGrain([PersistentState("witness", "Default")] IPersistentState<WitnessState> state)
    : Grain, IWitnessGrain, IAsyncObserver<LoggedTransition>
{
    private static readonly LineFile Lines = new("EVENTGRAINS_TEST_STREAM");

    private bool _isFollowing;

    private IAsyncStream<LoggedTransition> Stream =>
        this.GetStreamProvider(TransitionStreams.Provider).GetStream<LoggedTransition>(TransitionStreams.Files, this.GetPrimaryKeyString());

    // A subscription outlives its grain's activations, where it was to begin does not: whoever has been given nothing yet says so again.
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        foreach (var subscription in await Stream.GetAllSubscriptionHandles())
        {
            await subscription.ResumeAsync(this, state.State.HasBegun ? null : new EventSequenceTokenV2(0));
        }
    }

    // A subscription whose call failed may be there all the same. Orleans has asked it where it begins, and it did not know; to resume it would be
    // known here alone until the file's next transition.
    public async Task Follow()
    {
        if (!_isFollowing && !state.State.HasBegun)
        {
            foreach (var subscription in await Stream.GetAllSubscriptionHandles())
            {
                await subscription.UnsubscribeAsync();
            }

            await Stream.SubscribeAsync(this, StreamSubscriptionStartPosition.EarliestAvailable);
        }

        _isFollowing = true;
        Write(0);
    }

    public async Task OnNextAsync(LoggedTransition item, StreamSequenceToken? token = null)
    {
        Write(item.Transition.Version);
        if (!state.State.HasBegun)
        {
            state.State = new WitnessState(HasBegun: true);
            await state.WriteStateAsync();
        }
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    private void Write(int version) => Lines.Add(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow.Ticks} {this.GetPrimaryKeyString()} {version}"));
}
