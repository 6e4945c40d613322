using EventGrains.Contracts.Shards;

namespace EventGrains.Silo.Sources.Logs;

/// <summary>Places in a partition are compared all over the log reader; signs read better than calls.</summary>
internal static class RangePoints
{
    extension(RangePoint)
    {
        public static bool operator <(RangePoint a, RangePoint b) => a.CompareTo(b) < 0;

        public static bool operator >(RangePoint a, RangePoint b) => a.CompareTo(b) > 0;

        public static bool operator <=(RangePoint a, RangePoint b) => a.CompareTo(b) <= 0;

        public static bool operator >=(RangePoint a, RangePoint b) => a.CompareTo(b) >= 0;
    }
}
