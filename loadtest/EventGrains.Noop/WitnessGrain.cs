using System.Globalization;
using EventGrains.Contracts.Actions;
using EventGrains.Contracts.Files;
using EventGrains.Contracts.Transitions;
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

/// <summary>A line for each delivery, as it comes: when, the file, the version. Version 0 is the subscription.</summary>
internal sealed class WitnessGrain : Grain, IWitnessGrain, IAsyncObserver<LoggedTransition>
{
    private static readonly LineFile Lines = new("EVENTGRAINS_TEST_STREAM");

    private IAsyncStream<LoggedTransition> Stream =>
        this.GetStreamProvider(TransitionStreams.Provider).GetStream<LoggedTransition>(TransitionStreams.Files, this.GetPrimaryKeyString());

    // A subscription outlives its grain's activations: whoever is called again takes it up again.
    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        foreach (var subscription in await Stream.GetAllSubscriptionHandles())
        {
            await subscription.ResumeAsync(this);
        }
    }

    public async Task Follow()
    {
        if ((await Stream.GetAllSubscriptionHandles()).Count == 0)
        {
            await Stream.SubscribeAsync(this, StreamSubscriptionStartPosition.EarliestAvailable);
        }

        Write(0);
    }

    public Task OnNextAsync(LoggedTransition item, StreamSequenceToken? token = null)
    {
        Write(item.Transition.Version);
        return Task.CompletedTask;
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;

    private void Write(int version) => Lines.Add(string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow.Ticks} {this.GetPrimaryKeyString()} {version}"));
}
