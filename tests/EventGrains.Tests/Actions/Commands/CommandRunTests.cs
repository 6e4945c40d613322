using System.Text;
using EventGrains.Silo.Actions;
using EventGrains.Silo.Actions.Commands;

namespace EventGrains.Tests.Actions.Commands;

public sealed class CommandRunTests : IDisposable
{
    private readonly CommandPlace place = new();

    [Fact]
    public async Task A_command_that_ends_with_success_makes_the_step_done_and_states_no_facts()
    {
        var outcome = await place.Run(CommandPlace.Order(["true"]));

        Assert.True(outcome is { Done: true, Error: null, Says: null });
    }

    [Fact]
    public async Task Another_exit_code_is_a_failure_that_shows_the_code_and_the_last_output()
    {
        var outcome = await place.Shell("echo out; echo err >&2; exit 3");

        Assert.True(outcome is { Done: false, Final: false });
        Assert.Contains("exit code 3", outcome.Error);
        Assert.EndsWith("out\nerr", outcome.Error);
    }

    [Fact]
    public async Task Exit_codes_that_the_rule_names_are_success_and_no_others()
    {
        int[] codes = [3, 4];

        Assert.True((await place.Run(CommandPlace.Order(["sh", "-c", "exit 4"], successExitCodes: codes))).Done);
        Assert.False((await place.Run(CommandPlace.Order(["true"], successExitCodes: codes))).Done);
    }

    [Fact]
    public async Task A_command_that_a_signal_ended_says_so()
    {
        var outcome = await place.Shell("kill -s SEGV $$");

        Assert.Contains("signal 11", outcome.Error);
    }

    [Theory]
    [InlineData("no-such-command-anywhere", "not found in PATH")]
    [InlineData("/no/such/command", "not there")]
    [InlineData("/etc/passwd", "may not be run")]
    [InlineData("/etc", "may not be run")]
    [InlineData("bin/command", "absolute path")]
    public void A_command_that_is_not_there_is_told_apart_from_one_that_failed(string command, string named)
    {
        var refused = Assert.Throws<StepFailedException>(() => CommandPlace.Order([command]));

        Assert.Contains(named, refused.Message);
    }

    [Fact]
    public async Task Every_word_reaches_the_command_as_one_argument_byte_for_byte()
    {
        string[] paths = ["/-rf", "/$(touch pwned)", "/`x`; rm -rf ~ | & > <", "/a\nb", "/'\"\\", "/*", "/broken \uDCFF\uDC80", "/{size}"];
        foreach (var path in paths)
        {
            var outcome = await place.Run(CommandPlace.Order(
                ["sh", "-c", "out=$1; shift; printf '%s\\0' \"$@\" > \"$out\"", "sh", place.OutFile("arguments"), "{storage}", "{path}", "<{path}>", "", "{size}", "{id}", "{replica.mirror.path}"],
                path,
                storage: "-rf"));

            Assert.Null(outcome.Error);
            Assert.Equal(
                [.. Bytes("-rf"), .. Bytes(path), .. Bytes($"<{path}>"), .. Bytes(""), .. Bytes("42"), .. Bytes("-rf:8-1-1"), .. Bytes($"/copy{path}")],
                File.ReadAllBytes(place.OutFile("arguments")));
        }
    }

    [Fact]
    public async Task The_environment_holds_what_is_promised_and_nothing_else()
    {
        await place.Run(CommandPlace.Order(["cp", "/proc/self/environ", place.OutFile("environment")], "/a\n\uDCFF"));

        byte[] expected =
        [
            .. Bytes($"PATH={Environment.GetEnvironmentVariable("PATH")}"),
            .. Bytes($"HOME={Environment.GetEnvironmentVariable("HOME") ?? "/"}"),
            .. Bytes("EVENTGRAINS_FILE_ID=inbox:8-1-1"),
            .. Bytes("EVENTGRAINS_FILE_STORAGE=inbox"),
            .. Bytes("EVENTGRAINS_FILE_SIZE=42"),
            .. Bytes("EVENTGRAINS_FILE_PATH=/a\n\uDCFF"),
            .. Bytes("EVENTGRAINS_FILE_LOCAL=/data/inbox/a\n\uDCFF"),
        ];
        Assert.Equal(expected, File.ReadAllBytes(place.OutFile("environment")));
    }

    [Fact]
    public void A_path_that_leads_out_of_the_root_is_not_handed_to_a_command()
    {
        var refused = Assert.Throws<StepFailedException>(() => CommandPlace.Order(["true"], "/../etc/passwd"));

        Assert.True(refused.Final);
    }

    [Fact]
    public async Task The_input_is_empty()
    {
        await place.Run(CommandPlace.Order(["cp", "/dev/stdin", place.OutFile("input")]));

        Assert.Empty(File.ReadAllBytes(place.OutFile("input")));
    }

    [Fact]
    public async Task Each_attempt_works_in_an_empty_directory_of_its_own_that_is_removed_afterwards()
    {
        const string script = """
            pwd > "$1"
            ls -A >> "$1"
            mkdir -p d/e; chmod 500 d; touch 'a b' "$(printf '\377\nx')"
            ln -s "$2" link
            """;

        await place.Shell(script, place.OutFile("first"), place.Out);
        await place.Shell(script, place.OutFile("second"), place.Out);

        var first = place.Told("first");
        Assert.StartsWith(Path.Combine(place.Data, "run"), first);
        Assert.DoesNotContain('\n', first);
        Assert.NotEqual(first, place.Told("second"));
        Assert.Empty(place.WorkingDirectoriesLeft);
        Assert.True(File.Exists(place.OutFile("first")), "what a link leads to stays");
    }

    [Fact]
    public async Task What_a_killed_silo_left_of_working_directories_is_removed()
    {
        Directory.CreateDirectory(Path.Combine(place.Data, "run", "left", "behind"));

        await place.Run(CommandPlace.Order(["true"]));

        Assert.Empty(place.WorkingDirectoriesLeft);
    }

    [Fact]
    public async Task A_flood_of_output_blocks_nothing_and_its_beginning_and_end_are_kept()
    {
        var outcome = await place.Shell("echo first; head -c 50000000 /dev/zero | tr '\\0' x; echo; echo last; exit 1");

        Assert.EndsWith("last", outcome.Error);
        Assert.InRange(outcome.Error!.Length, 1, CommandRun.ErrorOutputCharactersMax + 200);
    }

    [Fact]
    public async Task At_the_time_limit_the_whole_group_ends_even_if_it_ignores_to_be_asked()
    {
        var attempt = place.Shell("trap '' TERM; sleep 1000 & echo $! > \"$1\"; echo $$ > \"$2\"; sleep 1000", place.OutFile("child"), place.OutFile("leader"));
        var (child, leader) = (place.Told("child"), place.Told("leader"));
        Assert.True(CommandPlace.IsAlive(child) && CommandPlace.IsAlive(leader));

        var outcome = place.LetTimePass(attempt);

        Assert.Contains("time limit of 10 s", outcome.Error);
        Deadline.Until(() => !CommandPlace.IsAlive(child) && !CommandPlace.IsAlive(leader), "the group is gone");
        Assert.Empty(place.WorkingDirectoriesLeft);
        await attempt;
    }

    [Fact]
    public void At_the_time_limit_a_command_may_clean_up_first()
    {
        var attempt = place.Shell("trap 'echo bye > \"$2\"; exit 0' TERM; echo up > \"$1\"; while :; do sleep 0.01; done", place.OutFile("up"), place.OutFile("bye"));
        place.Told("up");
        place.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("bye", place.Told("bye"));
        Assert.Contains("time limit", place.LetTimePass(attempt).Error);
    }

    [Fact]
    public async Task A_lost_claim_ends_the_group_and_tells_nothing()
    {
        using var lost = new CancellationTokenSource();
        var attempt = place.Run(CommandPlace.Order(["sh", "-c", "echo $$ > \"$1\"; sleep 1000", "sh", place.OutFile("leader")]), lost.Token);
        var leader = place.Told("leader");

        await lost.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => attempt);
        Assert.False(CommandPlace.IsAlive(leader));
    }

    [Fact]
    public async Task What_a_command_leaves_running_ends_with_it()
    {
        var outcome = await place.Shell("sleep 1000 & echo $! > \"$1\"", place.OutFile("child"));

        Assert.True(outcome.Done);
        var child = place.Told("child");
        Deadline.Until(() => !CommandPlace.IsAlive(child), "the child is gone");
    }

    [Fact]
    public async Task A_process_that_left_the_group_with_the_output_holds_nothing_up()
    {
        var outcome = await place.Shell(
            "setsid sh -c 'echo $$ > \"$1\"; exec sleep 1000' sh \"$1\" & while [ ! -s \"$1\" ]; do sleep 0.01; done; exit 1", place.OutFile("child"));

        Assert.Contains("exit code 1", outcome.Error);
        using var escaped = System.Diagnostics.Process.GetProcessById(int.Parse(place.Told("child"), System.Globalization.CultureInfo.InvariantCulture));
        escaped.Kill();
    }

    public void Dispose() => place.Dispose();

    private static byte[] Bytes(string text) => EventGrains.Silo.Posix.PosixText.Encode(text);
}
