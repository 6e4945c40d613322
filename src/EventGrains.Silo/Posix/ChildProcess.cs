using System.Runtime.InteropServices;

namespace EventGrains.Silo.Posix;

/// <summary>A child in a process group of its own, with default signals.</summary>
/// <remarks>Not <see cref="System.Diagnostics.Process"/>, which gives no group, and whose argument texts cannot carry every byte of a name.</remarks>
internal sealed unsafe class ChildProcess
{
    // Both are opaque and differ between C libraries; the largest known are 336 and 128 bytes.
    private const int SpawnStructBytes = 1024;
    private const int SignalSetBytes = 1024;
    private const short SetGroup = 2;
    private const short SetDefaultSignals = 4;
    private const short SetSignalMask = 8;
    private const int ByProcessId = 1;
    private const int Exited = 4;
    private const int LeaveZombie = 0x1000000;
    private const int SignalInformationBytes = 128;

    private ChildProcess(int id) => Id = id;

    /// <summary>The process's number, and that of its group.</summary>
    public int Id { get; }

    /// <param name="files">What the child gets, by number; of ours it has the standard files that are not named here, and no other.</param>
    /// <exception cref="PosixException">The program cannot be started.</exception>
    public static ChildProcess Start(string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, params ReadOnlySpan<(OpenFile File, int As)> files)
    {
        var actions = stackalloc byte[SpawnStructBytes];
        var attributes = stackalloc byte[SpawnStructBytes];
        _ = SystemCalls.FileActionsBegin(actions);
        _ = SystemCalls.SpawnAttributesBegin(attributes);
        using var argumentBytes = new TextVector(arguments);
        using var environmentBytes = new TextVector(environment);
        try
        {
            foreach (var (file, number) in files)
            {
                _ = SystemCalls.FileActionDuplicate(actions, file.Descriptor, number);
            }

            var signals = stackalloc byte[SignalSetBytes];
            _ = SystemCalls.AllSignals(signals);
            _ = SystemCalls.SpawnDefaultSignals(attributes, signals);
            _ = SystemCalls.NoSignals(signals);
            _ = SystemCalls.SpawnBlockedSignals(attributes, signals);
            _ = SystemCalls.SpawnGroup(attributes, 0);
            _ = SystemCalls.SpawnFlags(attributes, SetGroup | SetDefaultSignals | SetSignalMask);
            int id;
            var error = SystemCalls.Spawn(&id, PosixText.Encode(program), actions, attributes, argumentBytes.Pointers, environmentBytes.Pointers);
            return error == 0 ? new ChildProcess(id) : throw new PosixException($"cannot start {PosixText.Show(program)}", error);
        }
        finally
        {
            _ = SystemCalls.FileActionsEnd(actions);
            _ = SystemCalls.SpawnAttributesEnd(attributes);
        }
    }

    /// <summary>Blocks until the process ended, and leaves its number taken, so that the group's number still means this group.</summary>
    public void WaitForEnd()
    {
        var information = stackalloc byte[SignalInformationBytes];
        while (SystemCalls.WaitFor(ByProcessId, (uint)Id, information, Exited | LeaveZombie) != 0)
        {
            if (Marshal.GetLastPInvokeError() != SystemCalls.Interrupted)
            {
                return;
            }
        }
    }

    /// <summary>Gives the number back, and says how the process ended. Blocks until it did.</summary>
    public ProcessEnd Reap()
    {
        int status;
        while (SystemCalls.Reap(Id, &status, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != SystemCalls.Interrupted)
            {
                return ProcessEnd.Unknown;
            }
        }

        var signal = status & 0x7F;
        return signal == 0 ? new ProcessEnd((status >> 8) & 0xFF, null) : new ProcessEnd(null, signal);
    }

    /// <summary>Signals the whole group; one that is gone is no error. Not after <see cref="Reap"/>: the number may be another's then.</summary>
    public void SignalGroup(int signal) => _ = SystemCalls.Kill(-Id, signal);

    /// <summary>An array of C texts, ended by a null.</summary>
    private sealed class TextVector : IDisposable
    {
        private readonly int count;

        public TextVector(IReadOnlyList<string> texts)
        {
            var encoded = texts.Select(PosixText.Encode).ToList();
            count = encoded.Count;
            Pointers = (byte**)NativeMemory.AllocZeroed((nuint)count + 1, (nuint)sizeof(byte*));
            for (var i = 0; i < count; i++)
            {
                Pointers[i] = (byte*)NativeMemory.Alloc((nuint)encoded[i].Length);
                encoded[i].CopyTo(new Span<byte>(Pointers[i], encoded[i].Length));
            }
        }

        public byte** Pointers { get; }

        public void Dispose()
        {
            for (var i = 0; i < count; i++)
            {
                NativeMemory.Free(Pointers[i]);
            }

            NativeMemory.Free(Pointers);
        }
    }
}

/// <summary>How a process ended: an exit code or a signal; neither when another part of this process took the answer.</summary>
internal readonly record struct ProcessEnd(int? ExitCode, int? Signal)
{
    public static readonly ProcessEnd Unknown;
}

internal static class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;
}
