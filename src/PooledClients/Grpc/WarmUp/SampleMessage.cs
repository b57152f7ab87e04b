using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace PooledClients.Grpc.WarmUp;

/// <summary>A message with something in its fields, so that what writes and reads them runs.</summary>
internal static class SampleMessage
{
    private const int DeepestNesting = 3;

    /// <returns>The message, an empty one where it is none of Protocol Buffers; <see langword="null"/> where it takes more than a type to make one.</returns>
    public static object? TryCreate([DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] Type type)
    {
        if (type.IsAbstract || type.GetConstructor(Type.EmptyTypes) is null)
        {
            return null;
        }

        var message = Activator.CreateInstance(type)!;
        if (message is IMessage fields)
        {
            Fill(fields, DeepestNesting);
        }

        return message;
    }

    private static void Fill(IMessage message, int depth)
    {
        foreach (var field in message.Descriptor.Fields.InFieldNumberOrder())
        {
            if (field.IsMap || SampleOf(field, depth) is not { } sample)
            {
                continue;
            }

            if (field.IsRepeated)
            {
                ((IList)field.Accessor.GetValue(message)).Add(sample);
            }
            else
            {
                field.Accessor.SetValue(message, sample);
            }
        }
    }

    private static object? SampleOf(FieldDescriptor field, int depth)
    {
        switch (field.FieldType)
        {
            case FieldType.Bool:
                return true;
            case FieldType.String:
                return "a";
            case FieldType.Bytes:
                return ByteString.CopyFromUtf8("a");
            case FieldType.Double:
                return 1d;
            case FieldType.Float:
                return 1f;
            case FieldType.Int32 or FieldType.SInt32 or FieldType.SFixed32:
                return 1;
            case FieldType.Int64 or FieldType.SInt64 or FieldType.SFixed64:
                return 1L;
            case FieldType.UInt32 or FieldType.Fixed32:
                return 1u;
            case FieldType.UInt64 or FieldType.Fixed64:
                return 1ul;
            case FieldType.Message when depth > 0 && !field.MessageType.File.Package.StartsWith("google.protobuf", StringComparison.Ordinal):
                var nested = (IMessage)Activator.CreateInstance(field.MessageType.ClrType)!;
                Fill(nested, depth - 1);
                return nested;
            default:
                // Enumerations, groups and the well-known types, whose wrappers are no messages here.
                return null;
        }
    }
}
