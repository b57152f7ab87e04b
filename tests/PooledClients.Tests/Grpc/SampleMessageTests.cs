using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using PooledClients.Grpc;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc;

public sealed class SampleMessageTests
{
    [Fact]
    public void Create_Message_HasSomethingInEachField()
    {
        var response = Assert.IsType<GetResponse>(SampleMessage.Create(typeof(GetResponse)));

        Assert.True(response.Found);
        Assert.NotEmpty(response.Value);
    }

    [Theory]
    [InlineData(typeof(FileDescriptorProto))]
    [InlineData(typeof(Struct))]
    [InlineData(typeof(Value))]
    [InlineData(typeof(Api))]
    public void Create_MessageOfManyKinds_CanBeWrittenAndReadBack(System.Type type)
    {
        var message = (IMessage)SampleMessage.Create(type);

        Assert.Equal(message, message.Descriptor.Parser.ParseFrom(message.ToByteArray()));
    }

    [Fact]
    public void Create_NoMessage_IsMadeAsItIs() => Assert.IsType<Version>(SampleMessage.Create(typeof(Version)));
}
