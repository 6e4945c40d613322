using EventGrains.Silo.Sources.Directories;

namespace EventGrains.Tests.Sources.Directories;

public sealed class NoticePumpTests
{
    [Fact]
    public async Task What_the_kernel_keeps_while_too_much_waits_has_come_and_is_taken_in_its_turn()
    {
        using var kernel = new Telling(notices: 200_000);
        var pump = new NoticePump(kernel);
        using var stop = new CancellationTokenSource();
        var running = Task.Factory.StartNew(() => pump.Run(stop.Token), stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Eventually.Is(() => kernel.IsRead(50_000), () => "nothing is read");

        Assert.Equal(200_000, pump.Come);
        Assert.False(kernel.IsRead(150_000));
        var taken = 0;
        await Eventually.Is(
            () =>
            {
                while (pump.TryTake(out var notice) && notice.Cookie == taken)
                {
                    taken++;
                }

                return pump.Taken >= 200_000;
            },
            () => $"{taken} taken");

        Assert.Equal((200_000, 200_000), (taken, pump.Taken));
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task Something_read_that_tells_nothing_is_taken_too()
    {
        using var kernel = new Telling(notices: 0) { Silent = 16 };
        var pump = new NoticePump(kernel);
        using var stop = new CancellationTokenSource();
        var running = Task.Factory.StartNew(() => pump.Run(stop.Token), stop.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        await Eventually.Is(() => pump.TryTake(out _), () => "nothing to take");

        Assert.Equal((16, 16), (pump.Come, pump.Taken));
        await stop.CancelAsync();
        await running;
    }

    /// <summary>Has so many notices to tell, some thousands at a time, numbered by their cookies.</summary>
    private sealed class Telling(int notices) : IDirectoryNotices
    {
        private const int ReadMax = 4_096;
        private int told;

        public int Silent { get; set; }

        public int Unread => notices - told + Silent;

        public bool IsRead(int count) => Volatile.Read(ref told) >= count;

        public int TryAdd(string path, out int error) => error = 0;

        public void Remove(int watch)
        {
        }

        public void Wait(int timeoutMilliseconds) => Thread.Yield();

        public int Read(List<Notice> read)
        {
            if (Silent > 0)
            {
                (var silent, Silent) = (Silent, 0);
                return silent;
            }

            var count = Math.Min(ReadMax, notices - told);
            read.AddRange(Enumerable.Range(told, count).Select(n => new Notice(1, Notices.Attributes, (uint)n, "name")));
            Volatile.Write(ref told, told + count);
            return count;
        }

        public void Dispose()
        {
        }
    }
}
