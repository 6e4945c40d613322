using System.Collections.Immutable;
using CsCheck;
using EventGrains.Files;
using EventGrains.Rules;

namespace EventGrains.Tests.Files;

/// <summary>How steps of rules open, are claimed, end, and are tried again.</summary>
public sealed class StepsTests
{
    private static readonly StepPolicy Policy = new(3, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));

    private static readonly Rulebook Rules = Book(Rule("mirror", TransitionKind.Stored, "replicate", "run"));

    private static readonly Cause Heard = new("billing", null, null, "said");

    [Fact]
    public void A_rule_fires_once_at_the_first_event_after_which_it_holds()
    {
        var state = Told(Rules, Says.PoolHas("pool-a", 0), Says.DoorStored("/d/f", 0), Says.DoorStored("/d/f", 5), Says.PoolHas("pool-b", 9));

        Assert.Equal(["replicate", "run"], state.Steps.Select(s => s.Action));
        Assert.Equal([Says.Noon, Step.AfterThePrevious], state.Steps.Select(s => s.DueAt));
    }

    [Fact]
    public void A_file_known_before_the_rule_is_not_touched()
    {
        var state = Told(Book(), Says.DoorStored("/d/f", 0));

        var later = Decision.Of(state, Says.Event(Says.PoolHas("pool-b", 9)), Heard, Rules, Says.Noon)!.After;

        Assert.Empty(later.Steps);
    }

    [Fact]
    public void A_new_content_fires_again_and_supersedes_what_waits_for_the_old()
    {
        var state = Told(Rules, Says.KeyPut("01", 5, 0), Says.KeyPut("02", 9, 60));

        Assert.Equal(
            [StepState.Superseded, StepState.Superseded, StepState.Waiting, StepState.Waiting],
            state.Steps.Select(s => s.State));
        Assert.Equal(["01", "01", "02", "02"], state.Steps.Select(s => s.Key.Incarnation.Value));
    }

    [Fact]
    public void A_deleted_file_cancels_what_waits()
    {
        var state = Told(Rules, Says.DoorStored("/d/f", 0), Says.DoorDeleted("/d/f", 9));

        Assert.All(state.Steps, s => Assert.Equal(StepState.Cancelled, s.State));
    }

    [Fact]
    public void A_claim_is_given_once_until_its_deadline()
    {
        var (state, step) = Fired();

        var claimed = Claim(state, step, 0)!.After;

        Assert.Equal((StepState.Running, 1), (claimed.Steps[0].State, claimed.Steps[0].Attempts));
        Assert.Null(Claim(claimed, step, 19));
        Assert.Equal(2, Claim(claimed, step, 20)!.After.Steps[0].Attempts);
    }

    [Fact]
    public void An_extended_claim_holds_longer_and_only_the_newest_attempt_may_extend_it()
    {
        var (state, step) = Fired();
        var claimed = Claim(state, step, 0)!.After;

        var extended = Steps.Extend(claimed, step, 1, Policy, Says.At(10))!;

        Assert.Null(Claim(extended, step, 29));
        Assert.Null(Steps.Extend(extended, step, 2, Policy, Says.At(10)));
        Assert.Null(Steps.Extend(extended, step, 1, Policy, Says.At(30)));
    }

    [Fact]
    public void A_result_is_taken_once_and_an_old_attempts_result_is_refused()
    {
        var (state, step) = Fired();
        var second = Claim(Claim(state, step, 0)!.After, step, 20)!.After;

        Assert.Null(Done(second, step, attempt: 1));
        var done = Done(second, step, attempt: 2)!;
        Assert.Null(Done(done.After, step, attempt: 2));

        Assert.Equal(TransitionKind.Step, done.Transition!.Kind);
        Assert.Equal((StepState.Done, "replicate"), (done.Transition.StepState!.Value, done.Transition.Step));
    }

    [Fact]
    public void The_next_step_of_a_rule_is_due_when_the_one_before_is_done()
    {
        var (state, step) = Fired();
        var done = Done(Claim(state, step, 0)!.After, step, 1)!.After;

        var next = done.Steps[1];
        Assert.Equal(Says.At(1), next.DueAt);
        var processed = Done(Claim(done, next.Key, 1)!.After, next.Key, 1)!;

        Assert.Equal(TransitionKind.Processed, processed.Transition!.Kind);
        Assert.Equal(FileStatus.Processed, processed.Transition.Status);
    }

    [Fact]
    public void A_failure_is_tried_again_with_back_off_until_the_bound_and_retried_on_request()
    {
        var (state, step) = Fired();
        var at = 0;
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            state = Claim(state, step, at)!.After;
            state = Failed(state, step, attempt, at)!.After;
            at += 120;
        }

        Assert.Equal((StepState.Failed, 3, "no room"), (state.Steps[0].State, state.Steps[0].Attempts, state.Steps[0].Error));
        Assert.Null(Claim(state, step, at));

        state = Steps.Retry(state, "mirror", Rules, Says.At(at))!.After;
        Assert.Equal(StepState.Waiting, state.Steps[0].State);
        Assert.Null(Steps.Retry(state, null, Rules, Says.At(at)));
        state = Failed(Claim(state, step, at)!.After, step, 4, at)!.After;
        Assert.Equal(StepState.Waiting, state.Steps[0].State);
    }

    [Fact]
    public void An_attempt_that_is_put_off_uses_none_up_and_comes_again_later_each_time()
    {
        var (state, step) = Fired();
        var waits = new List<TimeSpan>();
        for (var attempt = 1; attempt <= 20; attempt++)
        {
            state = PutOff(Claim(state, step, attempt * 60)!.After, step, attempt, attempt * 60)!.After;
            waits.Add(state.Steps[0].DueAt - Says.At(attempt * 60));
        }

        Assert.Equal((StepState.Waiting, 20, "busy"), (state.Steps[0].State, state.Steps[0].Attempts, state.Steps[0].Error));
        Assert.All(waits, w => Assert.InRange(w, Policy.BackOffFirst / 2, Policy.BackOffMax));
        Assert.All(waits.Skip(6), w => Assert.True(w >= Policy.BackOffMax / 2));

        // All attempts that a step has are still to come.
        for (var attempt = 21; attempt <= 23; attempt++)
        {
            Assert.Equal(StepState.Waiting, state.Steps[0].State);
            state = Failed(Claim(state, step, attempt * 60)!.After, step, attempt, attempt * 60)!.After;
        }

        Assert.Equal(StepState.Failed, state.Steps[0].State);
    }

    [Fact]
    public void What_is_put_off_for_an_older_content_or_a_deleted_file_does_not_come_again()
    {
        var put = Told(Rules, Says.KeyPut("01", 5, 0));
        var running = Claim(put, put.Steps[0].Key, 0)!.After;
        var putAgain = Decision.Of(running, Says.Event(Says.KeyPut("02", 9, 60)), Heard, Rules, Says.At(1))!.After;
        var deleted = Decision.Of(running, Says.Event(Says.KeyDeleted("02")), Heard, Rules, Says.At(1))!.After;

        Assert.Equal(StepState.Superseded, PutOff(putAgain, put.Steps[0].Key, 1, 2)!.After.Steps[0].State);
        Assert.Equal(StepState.Cancelled, PutOff(deleted, put.Steps[0].Key, 1, 2)!.After.Steps[0].State);
    }

    [Fact]
    public void An_attempt_that_never_answers_fails_the_step_at_the_bound()
    {
        var (state, step) = Fired();
        for (var attempt = 0; attempt < 4; attempt++)
        {
            state = Claim(state, step, attempt * 20)!.After;
        }

        Assert.Equal((StepState.Failed, 3), (state.Steps[0].State, state.Steps[0].Attempts));
    }

    [Fact]
    public void A_dead_attempt_for_an_older_content_or_a_deleted_file_is_not_followed_by_another()
    {
        var put = Told(Rules, Says.KeyPut("01", 5, 0));
        var running = Claim(put, put.Steps[0].Key, 0)!.After;
        var putAgain = Decision.Of(running, Says.Event(Says.KeyPut("02", 9, 60)), Heard, Rules, Says.At(1))!.After;
        var deleted = Decision.Of(running, Says.Event(Says.KeyDeleted("02")), Heard, Rules, Says.At(1))!.After;

        Assert.Equal(StepState.Superseded, Claim(putAgain, put.Steps[0].Key, 30)!.After.Steps[0].State);
        Assert.Equal(StepState.Cancelled, Claim(deleted, put.Steps[0].Key, 30)!.After.Steps[0].State);
        Assert.Null(Claim(putAgain, put.Steps[0].Key, 19));
    }

    [Fact]
    public void A_result_brings_its_facts_in_the_same_transition()
    {
        var (state, step) = Fired();
        var claimed = Claim(state, step, 0)!.After;
        var copy = new FileFacts { Replicas = [new Replica("mirror", null, "/d/f", Says.At(3), ReplicaState.Present)] };

        var done = Steps.Conclude(claimed, step, 1, true, null, false, false, copy, Policy, Rules, Says.At(3))!;

        Assert.Equal(TransitionKind.Replicated, done.Transition!.Kind);
        Assert.Contains(TransitionKind.Step, done.Transition.Changes);
    }

    [Fact]
    public void Waits_grow_and_never_pass_their_bound() =>
        Gen.Select(Gen.Int[1, 200], Gen.Int).Sample((attempt, n) =>
        {
            var wait = Policy.BackOff(new FileId("dcache", n.ToString("X8")), attempt);
            var full = TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, attempt - 1)));

            return wait >= full / 2 && wait <= full;
        });

    private static (FileState State, StepKey Step) Fired()
    {
        var state = Told(Rules, Says.PoolHas("pool-a", 0), Says.DoorStored("/d/f", 0));
        return (state, state.Steps[0].Key);
    }

    private static FileState Told(Rulebook rules, params FileFacts[] said) => said.Aggregate(
        FileState.New(Says.File, 1),
        (state, says) => Decision.Of(state, Says.Event(says), Heard, rules, Says.Noon)?.After ?? state);

    private static Decision? Claim(FileState state, StepKey step, int at) => Steps.Claim(state, step, Policy, Rules, Says.At(at));

    private static Decision? Done(FileState state, StepKey step, int attempt) =>
        Steps.Conclude(state, step, attempt, true, null, false, false, null, Policy, Rules, Says.At(1));

    private static Decision? Failed(FileState state, StepKey step, int attempt, int at) =>
        Steps.Conclude(state, step, attempt, false, "no room", false, false, null, Policy, Rules, Says.At(at));

    private static Decision? PutOff(FileState state, StepKey step, int attempt, int at) =>
        Steps.Conclude(state, step, attempt, false, "busy", false, true, null, Policy, Rules, Says.At(at));

    private static Rulebook Book(params RuleDefinition[] rules) => new(Definitions.Empty with { Rules = [.. rules] });

    private static RuleDefinition Rule(string name, TransitionKind kind, params string[] actions) => new(
        name, "0001", new RuleCondition(kind, null, null, null, null), [.. actions.Select(a => new StepDefinition(a, "{}"))], 1_000);
}
