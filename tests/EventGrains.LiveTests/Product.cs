using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace EventGrains.LiveTests;

/// <summary>The executable as a user starts it: a process of its own, in a directory of its own.</summary>
internal sealed class Product : IAsyncDisposable
{
    internal const string QuickCompiler = "DOTNET_TC_QuickJit";

    /// <summary>No answer of these tests may take longer; a loaded machine is slow, and a hung one must fail.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static readonly string SourceTree = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", ".."));

    private static readonly string Executable = Path.Combine(
        SourceTree, "src", "EventGrains.Cli", "bin", AppContext.BaseDirectory.Contains("/Release/", StringComparison.Ordinal) ? "Release" : "Debug", "net10.0", "eventgrains.dll");

    private readonly Process _process;
    private readonly StringBuilder _errors = new();
    private readonly List<string> _lines = [];

    private Product(Process process, string directory) => (_process, Directory) = (process, directory);

    public string Directory { get; }

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    public HttpClient Http { get; } = new() { Timeout = Patience };

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Compiled as its project says.</summary>
    public static IReadOnlyDictionary<string, string> AsShipped { get; } = new Dictionary<string, string> { [QuickCompiler] = "0" };

    public static string NewDirectory() => System.IO.Directory.CreateTempSubdirectory("eventgrains-live-").FullName;

    /// <summary>Starts a hosting verb and waits for its ready line.</summary>
    public static Task<Product> Start(string directory, params string[] arguments) => StartWith(new Dictionary<string, string>(), directory, arguments);

    /// <param name="environment">What the process finds in its environment besides what this one has.</param>
    public static async Task<Product> StartWith(IReadOnlyDictionary<string, string> environment, string directory, params string[] arguments)
    {
        var start = Starting(directory, arguments);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        var product = new Product(process, directory);
        var ready = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => product.Hear(line.Data, ready);
        process.ErrorDataReceived += (_, line) => product.HearError(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var exited = process.WaitForExitAsync();
        if (await Task.WhenAny(ready.Task, exited).WaitAsync(Patience) == exited)
        {
            throw new InvalidOperationException($"it ended with {process.ExitCode}: {product.Errors}");
        }

        product.Url = new Uri((await ready.Task).Split("  ", 2)[1].Split(' ')[0]);
        product.Http.BaseAddress = product.Url;
        return product;
    }

    /// <summary>Runs a client verb against this server.</summary>
    public Task<(int Exit, string Output, string Errors)> Run(params string[] arguments) => RunIn(Directory, Url, arguments);

    public static async Task<(int Exit, string Output, string Errors)> RunIn(string directory, Uri? server, params string[] arguments)
    {
        var start = Starting(directory, arguments);
        if (server is not null)
        {
            start.Environment["EVENTGRAINS_SERVER"] = server.ToString();
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, await output, await errors);
    }

    public async Task<JsonElement> Get(string path) =>
        JsonDocument.Parse(await Http.GetStringAsync(new Uri(Url, path))).RootElement;

    /// <summary>Gets whatever is answered, an error too.</summary>
    public async Task<Answer> Ask(string path)
    {
        using var response = await Http.GetAsync(new Uri(Url, path));
        return await Answer.Of(response);
    }

    /// <summary>Posts lines to a source.</summary>
    public Task<Answer> Post(string source, params string[] lines) => Post($"/v1/sources/{source}/events", Encoding.UTF8.GetBytes(string.Join('\n', lines)));

    public async Task<Answer> Post(string path, byte[] body, string type = "application/x-ndjson", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Url, path)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Http.SendAsync(request);
        return await Answer.Of(response);
    }

    /// <summary>The most memory that the process had resident, ever or since <see cref="ForgetPeak"/>.</summary>
    public long PeakBytes =>
        long.Parse(File.ReadLines($"/proc/{_process.Id}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;

    /// <summary>From here on the peak is that of what comes: 5 is the kernel's word for it.</summary>
    public void ForgetPeak() => File.WriteAllText($"/proc/{_process.Id}/clear_refs", "5");

    /// <summary>As <c>kill -9</c>.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>As Ctrl-C; answers the exit code.</summary>
    public async Task<int> Stop()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited)
        {
            await Kill();
        }

        _process.Dispose();
    }

    private void Hear(string? line, TaskCompletionSource<string> ready)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Add(line);
        }

        if (line.StartsWith("ready  ", StringComparison.Ordinal))
        {
            ready.TrySetResult(line);
        }
    }

    private void HearError(string? line)
    {
        lock (_errors)
        {
            _errors.AppendLine(line);
        }
    }

    private static ProcessStartInfo Starting(string directory, string[] arguments) => new("dotnet", [Executable, .. arguments])
    {
        WorkingDirectory = directory,
        RedirectStandardOutput = true,
        RedirectStandardError = true,

        // For a short life: with the quick compiler these tests take three quarters of the time.
        Environment = { [QuickCompiler] = "1" },
    };

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
