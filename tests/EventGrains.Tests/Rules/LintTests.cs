using EventGrains.Rules;

namespace EventGrains.Tests.Rules;

/// <summary>Every message once: what is written, and the line that is printed.</summary>
public sealed class LintTests
{
    /// <summary>Five lines of declarations, so that the snippets begin in line 7.</summary>
    private const string Declared =
        """
        {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: inbox}, spec: {root: /data/inbox}}
        --- {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: mirror}, spec: {root: /data/mirror, role: replica}}
        --- {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: rootless}, spec: {role: replica}}
        --- {apiVersion: eventgrains/v1, kind: Storage, metadata: {name: s3}, spec: {}}
        --- {apiVersion: eventgrains/v1, kind: Dataset, metadata: {name: "run-{run}"}, spec: {path: "/runs/{run}/**"}}
        ---

        """;

    [Theory]
    [InlineData("- a", "7:1: error: the document is a list; write a mapping with the keys apiVersion, kind, metadata, spec")]
    [InlineData("apiVersion: eventgrains/v2\nkind: Rule", "7:13: error: apiVersion 'eventgrains/v2' is not known; write eventgrains/v1")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {name: x}", "7:1: error: the document has no 'spec'; add it")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Rul\nmetadata: {name: x}\nspec: {}", "8:7: error: the document.kind 'Rul' is not known; did you mean 'Rule'?")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Storage\nmetadata: {name: x}\nspec: {}\nspce: {}", "11:1: error: unknown key 'spce' in the document; did you mean 'spec'?")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Storage\nmetadata: x\nspec: {}", "9:11: error: metadata is a text; write a mapping with the keys name")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Storage\nmetadata: {}\nspec: {}", "9:11: error: metadata has no 'name'; add it")]
    [InlineData("apiVersion: eventgrains/v1\nkind: Storage\nmetadata: {name: 42}\nspec: {}", "9:18: error: metadata.name is a number, not a text; write it in quotes: \"42\"")]
    public void A_document_must_have_its_frame(string text, string line) => AssertLint(text, line);

    [Theory]
    [InlineData("a: [1", "8:1: error: the YAML cannot be read: While parsing a flow sequence, did not find expected ',' or ']'; " + YamlRemedy)]
    [InlineData("a: >=1MiB", "7:4: error: the YAML cannot be read: While scanning a block scalar, did not find expected comment or line break; " + YamlRemedy)]
    [InlineData("a: **/x.h5", "7:4: error: no anchor before this is called '*/x.h5'; quote a text that begins with *, or define the anchor first")]
    [InlineData("a: &x [*x]", "7:8: error: no anchor before this is called 'x'; quote a text that begins with *, or define the anchor first")]
    [InlineData("a: 1\nb: 2\na: 3", "9:1: error: key 'a' stands twice, first in line 7; remove one of them")]
    [InlineData("a: {\nb: 1\n}", "7:4: error: the YAML cannot be read after this place; " + YamlRemedy)]
    [InlineData("a: !secret x", "7:4: error: the tag '!secret' is not known here; remove it; quote a text that begins with !")]
    [InlineData("a: .inf", "7:4: error: '.inf' is a number that JSON does not have; quote it if it is a text")]
    [InlineData("{a: 1}: 2", "7:1: error: a key is no plain text; write a word before the ':'; quote a text that begins with { or [")]
    public void YAML_that_cannot_be_read_is_shown_with_its_place(string text, string line) =>
        Assert.Contains($"rules.yaml:{line}", Printed(text));

    [Theory]
    [InlineData("Storage", "Mirror", "{}", "9:18: error: 'Mirror' is no name; write 1 to 63 of a-z, 0-9, '-' and '.', with a letter or digit first and last")]
    [InlineData("Storage", "'a:b'", "{}", "9:18: error: 'a:b' is no name; write 1 to 63 of a-z, 0-9, '-' and '.', with a letter or digit first and last")]
    [InlineData("Storage", "inbox", "{}", "9:18: error: Storage 'inbox' is declared twice, first at rules.yaml:1:62; rename or remove one of them")]
    [InlineData("Storage", "x", "{role: replca}", "10:14: error: spec.role 'replca' is not known; did you mean 'replica'?")]
    [InlineData("Storage", "x", "{root: [a]}", "10:14: error: spec.root is a list, not a text; write a text")]
    [InlineData("Storage", "x", "{root: ''}", "10:14: error: spec.root is empty; write something, or remove the key")]
    [InlineData("Storage", "x", "{root: /data/inbox/}", "10:14: error: root '/data/inbox' is also the root '/data/inbox' of storage 'inbox'; choose roots that do not lie within each other")]
    [InlineData("Storage", "x", "{root: /data/inbox/a}", "10:14: error: root '/data/inbox/a' lies within the root '/data/inbox' of storage 'inbox'; choose roots that do not lie within each other")]
    [InlineData("Storage", "x", "{root: /data/x/../inbox//a/.}", "10:14: error: root '/data/inbox/a' lies within the root '/data/inbox' of storage 'inbox'; choose roots that do not lie within each other")]
    [InlineData("Storage", "x", "{root: /data}", "10:14: error: root '/data' contains the root '/data/inbox' of storage 'inbox'; choose roots that do not lie within each other")]
    [InlineData("Storage", "x", "{root: \"/a\\0\"}", "10:14: error: spec.root: '/a\\u0000' holds a NUL; write the path of a directory")]
    [InlineData("Storage", "x", "{root: /x, silos: []}", "10:25: error: spec.silos is empty; write the names of the silos that see it, such as [silo-a, silo-b], or remove the key: then all do")]
    [InlineData("Storage", "x", "{root: /x, silos: a}", "10:25: error: spec.silos is a text, not a list; write the names of the silos that see it, such as [silo-a, silo-b], or remove the key: then all do")]
    [InlineData("Storage", "x", "{root: /x, silos: [a, 7]}", "10:29: error: a name in spec.silos is a number, not a text; write it in quotes: \"7\"")]
    [InlineData("Storage", "x", "{root: /x, silos: [a, b, a]}", "10:32: error: spec.silos names 'a' twice; remove one of them")]
    [InlineData("Storage", "x", "{root: /x, silso: [a]}", "10:18: error: unknown key 'silso' in spec; did you mean 'silos'?")]
    [InlineData("Storage", "x", "{role: origin, silos: [a]}", "10:29: error: spec.silos is for a storage with a root, and this one has none; give the storage a root, or remove 'silos'")]
    [InlineData("Source", "x", "{type: http, format: s3, storage: s3, silos: [a]}", "10:52: error: spec.silos is for sources that read files, of type log or directory; remove it")]
    [InlineData("Source", "x", "{type: log, format: s3, storage: s3, files: /a, silos: []}", "10:62: error: spec.silos is empty; write the names of the silos that see it, such as [silo-a, silo-b], or remove the key: then all do")]
    [InlineData("Source", "x", "{type: kafka, format: s3, storage: s3}", "10:14: error: spec.type 'kafka' is not known; known are http, log, directory")]
    [InlineData("Source", "x", "{type: http, format: dcahe, storage: s3}", "10:28: error: spec.format 'dcahe' is not known; did you mean 'dcache'?")]
    [InlineData("Source", "x", "{type: http, storage: s3}", "10:7: error: spec has no 'format'; add it; known are dcache, s3, cloudevents")]
    [InlineData("Source", "x", "{type: directory, format: s3, storage: inbox}", "10:33: error: spec.format 's3' is not known; known are directory")]
    [InlineData("Source", "x", "{type: http, format: s3, storage: s4}", "10:41: error: spec.storage names the storage 's4', which is not declared; did you mean 's3'?")]
    [InlineData("Source", "x", "{type: http, format: s3, storage: tape}", "10:41: error: spec.storage names the storage 'tape', which is not declared; declare it; declared are inbox, mirror, rootless, s3")]
    [InlineData("Source", "x", "{type: directory, storage: s3}", "10:34: error: storage 's3' has no root, so there is no directory to watch; give the storage a root")]
    [InlineData("Source", "x", "{type: log, format: s3, storage: s3}", "10:7: error: spec has no 'files', and a log source follows files; add a glob, such as files: /var/log/dcache/*.json")]
    [InlineData("Source", "x", "{type: http, format: s3, storage: s3, files: /a}", "10:52: error: spec.files is for sources of type log alone; remove it")]
    [InlineData("Source", "x", "{type: log, format: s3, storage: s3, files: '/a/**.log'}", "10:51: error: spec.files: pattern '/a/**.log' has a '**' beside other characters at character 4; '**' stands for whole parts: write '**/*.h5', not '**.h5'")]
    [InlineData("Source", "x", "{type: http, fomat: s3, storage: s3, format: s3}", "10:20: error: unknown key 'fomat' in spec; did you mean 'format'?")]
    [InlineData("Dataset", "'d-{rum}'", "{path: '/runs/{run}'}", "9:18: error: metadata.name: '{rum}' is no capture of the pattern '/runs/{run}'; did you mean 'run'?")]
    [InlineData("Dataset", "'d-{run'", "{path: '/runs/{run}'}", "9:18: error: metadata.name: 'd-{run' has a lone '{' at character 3; write {{ and }} for the braces themselves")]
    [InlineData("Dataset", "'D {run}'", "{path: '/runs/{run}'}", "9:18: error: 'D {run}' is no name; write 1 to 63 of a-z, 0-9, '-' and '.', with a letter or digit first and last, and captures in braces")]
    [InlineData("Dataset", "d", "{path: runs/*}", "10:14: error: spec.path: pattern 'runs/*' is relative at character 1; begin it with / or **, as in '/runs/*'")]
    [InlineData("Dataset", "d", "{path: /runs/*, storage: s5}", "10:32: error: spec.storage names the storage 's5', which is not declared; did you mean 's3'?")]
    public void A_declaration_is_checked(string kind, string name, string spec, string line) =>
        AssertLint($"apiVersion: eventgrains/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}", line);

    [Theory]
    [InlineData("kind: store", "12:11: error: spec.when.kind 'store' is not known; did you mean 'stored'?")]
    [InlineData("kind: renamed", "12:11: error: spec.when.kind 'renamed' is not known; known are located, uploading, stored, flushed, staged, evicted, replicated, processed, deleted, lost, replicaCorrupt")]
    [InlineData("path: '/{run'", "12:11: error: spec.when.path: pattern '/{run' has a '{' without its '}' at character 2; write {name}, or \\{ for the character itself")]
    [InlineData("size: 5", "12:11: error: spec.when.size is a number, not a text; write it in quotes: \"5\"")]
    [InlineData("size: 5MiB", "12:11: error: spec.when.size: '5MiB' is no comparison of sizes; write a comparison such as \">=1MiB\", \"<10GB\" or \"1MiB..1GiB\"")]
    [InlineData("size: <5XB", "12:11: error: spec.when.size: '5XB' is no size; write a whole number with B, kB, MB, GB, TB, PB, KiB, MiB, GiB, TiB or PiB, such as 10GB or 1MiB")]
    [InlineData("size: 2GB..1GB", "12:11: error: spec.when.size: no size can be '2GB..1GB'; write a comparison such as \">=1MiB\", \"<10GB\" or \"1MiB..1GiB\"")]
    [InlineData("storage: nowhere", "12:14: error: spec.when.storage names the storage 'nowhere', which is not declared; declare it; declared are inbox, mirror, rootless, s3")]
    [InlineData("path: /data/inbox/a/**", "12:11: warning: spec.when.path '/data/inbox/a/**' begins with the root of storage 'inbox', and paths are relative to the root, so that it probably matches nothing; write '/a/**'")]
    [InlineData("path: /a/../b", "12:11: warning: spec.when.path '/a/../b' matches no file; write it without . and .. parts and without a closing /; /a/** is all below /a")]
    [InlineData("dataset: exp-*", "12:14: warning: spec.when.dataset 'exp-*' matches the name of no declared dataset; declare it with kind: Dataset, or change the glob")]
    [InlineData("kind: stored", "12:5: warning: the rule has neither when.path nor when.dataset nor when.storage, so that every file matches, up to filesPerHourMax; add one of them; path: /** says that it is meant")]
    public void A_condition_is_checked(string when, string line)
    {
        var path = when is "kind: stored" || when.StartsWith("path", StringComparison.Ordinal) ? "" : "\n    path: /**";
        AssertLint($"apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {{name: r}}\nspec:\n  when:\n    {when}{path}\n  do: [noop: {{}}]", line);
    }

    [Theory]
    [InlineData("[]", "11:7: error: spec.do is empty; write a list of actions, such as - replicate: {to: mirror}")]
    [InlineData("run", "11:7: error: spec.do is a text, not a list; write a list of actions, such as - replicate: {to: mirror}")]
    [InlineData("[run]", "11:8: error: a step of spec.do is a text; write one action each, such as - replicate: {to: mirror}")]
    [InlineData("[{a: {}, b: {}}]", "11:8: error: a step of spec.do is a mapping of several actions or none; write one action each, such as - replicate: {to: mirror}")]
    [InlineData("[Noop: {}]", "11:8: error: 'Noop' is no name of an action; write replicate, run, or your own action's name: a-z first, then a-z, 0-9 and '-', at most 63")]
    [InlineData("[noop: 3]", "11:14: error: the parameters of 'noop' are a number; write a mapping, such as {queue: fast}, or {}")]
    [InlineData("[replcate: {}]", "11:8: warning: 'replcate' is no action of EventGrains itself; did you mean 'replicate'? Otherwise a silo must have an action of that name")]
    [InlineData("[replicate: ]", "11:19: error: replicate has no 'to'; add it")]
    [InlineData("[replicate: {to: miror}]", "11:24: error: replicate.to names the storage 'miror', which is not declared; did you mean 'mirror'?")]
    [InlineData("[replicate: {to: inbox}]", "11:24: error: replicate.to names the storage 'inbox', which is an origin; give that storage role: replica, or name one that has it")]
    [InlineData("[replicate: {to: rootless}]", "11:24: error: replicate.to names the storage 'rootless', which has no root; give that storage a root")]
    [InlineData("[replicate: {to: mirror, path: a}]", "11:38: error: replicate.path: 'a' does not begin with '/'; write a path such as /archive{path}; {path} begins with a '/' itself")]
    [InlineData("[replicate: {to: mirror, path: '/a/{path}'}]", "11:38: error: replicate.path: '/a/{path}' has an empty part between or after slashes; write a path such as /archive{path}; {path} begins with a '/' itself")]
    [InlineData("[replicate: {to: mirror, path: '/../{path}'}]", "11:38: error: replicate.path: '/../{path}' has a '.' or '..' part; write a path such as /archive{path}; {path} begins with a '/' itself")]
    [InlineData("[replicate: {to: mirror, path: '/{rnu}{path}'}]", "11:38: error: replicate.path: '{rnu}' is no placeholder; did you mean 'run'?")]
    [InlineData("[replicate: {to: mirror, match: /x}]", "11:32: error: unknown key 'match' in replicate; known keys are to, path")]
    [InlineData("[run: {}]", "11:13: error: run has no 'command'; add it")]
    [InlineData("[run: {command: []}]", "11:23: error: run.command is empty; write the program and its arguments one by one, such as [sha256sum, \"{file}\"]")]
    [InlineData("[run: {command: ls -l}]", "11:23: error: run.command is a text, not a list; write the program and its arguments one by one, such as [sha256sum, \"{file}\"]")]
    [InlineData("[run: {command: [sleep, 5]}]", "11:31: error: run.command is a number, not a text; write it in quotes: \"5\"")]
    [InlineData("[run: {command: [ls, '{pth}']}]", "11:28: error: run.command: '{pth}' is no placeholder; did you mean 'path'?")]
    [InlineData("[run: {command: [awk, '{print $1}']}]", "11:29: error: run.command: '{print $1}' is no placeholder; known are path, id, size, storage, file, replica.STORAGE.path, replica.STORAGE.file; write {{ and }} for the braces themselves")]
    [InlineData("[run: {command: [ls, '{replica.tape.path}']}]", "11:28: error: run.command names the storage 'tape', which is not declared; declare it; declared are inbox, mirror, rootless, s3")]
    [InlineData("[run: {command: [ls, \"a\\0\"]}]", "11:28: error: run.command: 'a\\u0000' holds a NUL, which no argument can; remove it")]
    [InlineData("[run: {command: [ls], timeout: 30}]", "11:38: error: run.timeout is a number, not a text; write it in quotes: \"30\"")]
    [InlineData("[run: {command: [ls], timeout: 30x}]", "11:38: error: run.timeout: '30x' is no duration; write whole numbers with d, h, m, s or ms, the larger unit first, such as 30s or 1h30m")]
    [InlineData("[run: {command: [ls], timeout: 0s}]", "11:38: error: run.timeout: '0s' is no time limit; write a duration from 1ms to 7d")]
    [InlineData("[run: {command: [ls], successExitCodes: [256]}]", "11:48: error: run.successExitCodes is 256; write a whole number from 0 to 255")]
    [InlineData("[run: {command: [ls], successExitCodes: 0}]", "11:47: error: run.successExitCodes is a number, not a list; write a list, such as [0]")]
    public void A_step_is_checked(string steps, string line) =>
        AssertLint($"apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {{name: r}}\nspec:\n  do: {steps}\n  when: {{path: '/{{run}}/**'}}", line);

    [Theory]
    [InlineData("0", "10:58: error: spec.filesPerHourMax is 0; write a whole number from 1 to 2147483647")]
    [InlineData("1.5", "10:58: error: spec.filesPerHourMax is 1.5; write a whole number from 1 to 2147483647")]
    [InlineData("many", "10:58: error: spec.filesPerHourMax is a text; write a whole number from 1 to 2147483647")]
    public void A_rule_has_a_bound_of_files_per_hour(string bound, string line) =>
        AssertLint($"apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {{name: r}}\nspec: {{when: {{path: /**}}, do: [noop: ], filesPerHourMax: {bound}}}", line);

    [Theory]
    [InlineData("when: {storage: s3}, do: [replicate: {to: mirror}]", "10:50: error: the rule is for storage 's3', which has no root to copy from; give that storage a root")]
    [InlineData("when: {storage: s3}, do: [run: {command: [ls, '{file}']}]", "10:54: error: run.command uses {file}, and the storage 's3' has no root; use {path}, or give that storage a root")]
    [InlineData("when: {path: '/{size}'}, do: [replicate: {to: mirror, path: '/{size}'}]", "10:68: error: replicate.path: '{size}' is a capture of when.path and a placeholder; give the capture another name")]
    [InlineData("when: {path: /**}", "10:7: error: spec has no 'do'; add it")]
    [InlineData("do: [noop: ]", "10:7: error: spec has no 'when'; add it")]
    [InlineData("when: {path: /**}, do: [noop: ], fliesPerHourMax: 1", "10:41: error: unknown key 'fliesPerHourMax' in spec; did you mean 'filesPerHourMax'?")]
    public void A_rule_is_checked_as_a_whole(string spec, string line) =>
        AssertLint($"apiVersion: eventgrains/v1\nkind: Rule\nmetadata: {{name: r}}\nspec: {{{spec}}}", line);

    [Fact]
    public void Messages_come_by_file_line_and_column()
    {
        const string Bad = "apiVersion: eventgrains/v1\nkind: Storage\nmetadata: {name: X}\nspec: {role: a, rot: b}\n---\n7";

        var lines = RuleFiles.Parse([("b.yaml", Bad), ("a.yaml", Bad)]).Messages.Select(m => string.Join(':', m.ToString().Split(':')[..3])).ToList();

        Assert.Equal(["a.yaml:3:18", "a.yaml:6:1", "b.yaml:3:18", "b.yaml:6:1"], lines);
    }

    [Fact]
    public void What_a_broken_declaration_is_called_is_still_known()
    {
        var (definitions, messages) = RuleFiles.Parse(
        [
            ("a.yaml", "apiVersion: eventgrains/v1\nkind: Storage\nmetadata: {name: a}\nspec: {role: x}"),
            ("b.yaml", "apiVersion: eventgrains/v1\nkind: Source\nmetadata: {name: a}\nspec: {type: http, format: s3, storage: a}"),
        ]);

        Assert.Single(messages);
        Assert.Empty(definitions.Storages);
    }

    private const string YamlRemedy = "mend the YAML here; a text that begins with one of * & { [ > | % @ ` ! or holds ': ' or ' #' must be quoted";

    private static void AssertLint(string text, string line) => Assert.Equal([$"rules.yaml:{line}"], Printed(text));

    private static List<string> Printed(string text) =>
        [.. RuleFiles.Parse([("rules.yaml", Declared + text)]).Messages.Select(m => m.ToString())];
}
