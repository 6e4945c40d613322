using System.Globalization;
using EventGrains.Contracts.Transitions;
using Orleans.Providers.Streams.Common;
using Orleans.Streams;
using Orleans.Streams.Core;

namespace EventGrains.Follower;

/// <summary>One for each file, by its class alone: notes every transition that it takes, in a file of this activation.</summary>
/// <remarks>
/// What it does it reads from the file's name. <c>rewind...</c>: each activation asks for all that the log keeps. <c>poison...</c>: fails on
/// version 2, until there is a file <c>mended</c>. All others go on where their stream stands.
/// </remarks>
[ImplicitStreamSubscription(TransitionStreams.Files)]
internal sealed class FollowerGrain : Grain, IGrainWithStringKey, IStreamSubscriptionObserver, IAsyncObserver<LoggedTransition>
{
    private const int PoisonVersion = 2;

    private static readonly string Directory = Environment.GetEnvironmentVariable("EVENTGRAINS_TEST_FOLLOWED")
        ?? throw new InvalidOperationException("EVENTGRAINS_TEST_FOLLOWED does not say where to note what comes");

    private readonly string _notes = Path.Combine(Directory, Guid.NewGuid().ToString("N"));

    private string Name => this.GetPrimaryKeyString()[(this.GetPrimaryKeyString().IndexOf(':', StringComparison.Ordinal) + 1)..];

    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) =>
        handleFactory.Create<LoggedTransition>().ResumeAsync(this, Name.StartsWith("rewind", StringComparison.Ordinal) ? new EventSequenceTokenV2(0) : null);

    public Task OnNextAsync(LoggedTransition item, StreamSequenceToken? token = null)
    {
        var version = item.Transition.Version;
        return version == PoisonVersion && Name.StartsWith("poison", StringComparison.Ordinal) && !File.Exists(Path.Combine(Directory, "mended"))
            ? throw new InvalidOperationException("this grain cannot stand it")
            : File.AppendAllTextAsync(_notes, string.Create(CultureInfo.InvariantCulture, $"{DateTime.UtcNow.Ticks} {Name} {version}\n"));
    }

    public Task OnErrorAsync(Exception ex) => Task.CompletedTask;
}
