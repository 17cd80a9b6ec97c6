using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Indelible.Cli.Import;
using Xunit;

namespace Indelible.Server.Tests.Import;

public sealed class CloudTrailMappingTests
{
    [Fact]
    public void Maps_an_api_call_to_who_what_when_where_and_how_it_ended()
    {
        JsonElement claim = Claim(Record());

        Assert.Equal("7b0c1f5e-0000-4000-8000-000000000001", ClaimRules.Text(claim, "id"));
        Assert.Equal("2025-02-03T04:05:06Z", ClaimRules.Text(claim, "time"));
        Assert.Equal("aws.s3.get_bucket_acl", ClaimRules.Text(claim, "action"));
        Assert.Equal("arn:aws:iam::111122223333:user/mira", ClaimRules.Text(claim, "actor.id"));
        Assert.Equal("user", ClaimRules.Text(claim, "actor.type"));
        Assert.Equal("mira", ClaimRules.Text(claim, "actor.name"));
        Assert.Null(ClaimRules.Member(claim, "actor.privileged"));
        Assert.Equal("AKIAEXAMPLE0000000001", ClaimRules.Text(claim, "auth.credential_id"));
        Assert.Equal("success", ClaimRules.Text(claim, "outcome"));
        Assert.Null(ClaimRules.Member(claim, "decision"));
        Assert.Equal("192.0.2.10", ClaimRules.Text(claim, "source.ip"));
        Assert.Equal("own-tool/1", ClaimRules.Text(claim, "source.user_agent"));
        Assert.Equal("s3.amazonaws.com", ClaimRules.Text(claim, "service.name"));
        Assert.Equal("REQ1", ClaimRules.Text(claim, "request.id"));
        Assert.Equal("eu-north-1", ClaimRules.Text(claim, "labels.aws_region"));
        Assert.Equal("111122223333", ClaimRules.Text(claim, "labels.aws_account"));
        Assert.Equal("AwsApiCall", ClaimRules.Text(claim, "labels.event_type"));
        Assert.Equal("GetBucketAcl", ClaimRules.Text(claim, "labels.event_name"));
        Assert.Equal("true", ClaimRules.Text(claim, "labels.read_only"));
    }

    [Fact]
    public void Keeps_the_record_json_equal_unless_it_is_not_wanted()
    {
        JsonObject record = Record();
        record["requestParameters"] = JsonNode.Parse("""{"a":[1,-0.5,1e2,null,true,"z\u0000\"é"],"b":{}}""");

        JsonElement kept = Claim(record).GetProperty("data").GetProperty("original");
        Assert.True(JsonNode.DeepEquals(record, JsonNode.Parse(kept.GetRawText())));
        Assert.Equal(Item(record, OriginalMode.Personal), Item(record, OriginalMode.Clear), ClaimBytes);
        Assert.Null(ClaimRules.Member(ClaimRules.Check(((ImportedClaim)Item(record, OriginalMode.None)).Utf8), "data"));
    }

    [Theory]
    [InlineData("rds", "DescribeOrderableDBInstanceOptions", "aws.rds.describe_orderable_db_instance_options")]
    [InlineData("iam", "ListSSHPublicKeys", "aws.iam.list_ssh_public_keys")]
    [InlineData("s3", "ListObjectsV2", "aws.s3.list_objects_v2")]
    [InlineData("lambda", "GetFunction20150331v2", "aws.lambda.get_function20150331v2")]
    [InlineData("ec2", "DescribeVPCs", "aws.ec2.describe_vpcs")]
    [InlineData("sts", "AssumeRoleWithSAML", "aws.sts.assume_role_with_saml")]
    [InlineData("resource-explorer-2", "ListIndexes", "aws.resource-explorer-2.list_indexes")]
    [InlineData("resource-explorer-2", "ListTheManyIndexesOfAll", "aws.resource-explorer-2.listthemanyindexesofall")]
    [InlineData("a-b-c-d-e-f-g", "GetIt", "aws.abcdefg.getit")]
    [InlineData("s3", "REST.GET.OBJECT", "aws.s3.rest_get_object")]
    public void Names_the_action_by_service_and_words(string service, string eventName, string action)
    {
        JsonObject record = Record();
        record["eventSource"] = service + ".amazonaws.com";
        record["eventName"] = eventName;
        Assert.Equal(action, ClaimRules.Text(Claim(record), "action"));
    }

    [Theory]
    [InlineData("""{"type":"Root","arn":"arn:aws:iam::1:root"}""", "arn:aws:iam::1:root", "user")]
    [InlineData("""{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/ci/x"}""", "arn:aws:sts::1:assumed-role/ci/x", "service")]
    [InlineData("""{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/AWSReservedSSO_A_1/m"}""", "arn:aws:sts::1:assumed-role/AWSReservedSSO_A_1/m", "user")]
    [InlineData("""{"type":"SAMLUser","principalId":"p:q","userName":"q"}""", "p:q", "user")]
    [InlineData("""{"type":"AWSService","invokedBy":"rds.amazonaws.com"}""", "rds.amazonaws.com", "service")]
    [InlineData("""{"invokedBy":"rds.amazonaws.com"}""", "rds.amazonaws.com", "service")]
    [InlineData("""{"type":"AWSAccount","principalId":"","accountId":"444455556666"}""", "444455556666", "unknown")]
    [InlineData("""{"type":"AWSAccount","accountId":"ANONYMOUS_PRINCIPAL"}""", "anonymous", "anonymous")]
    [InlineData("null", "unknown", "unknown")]
    public void Names_the_actor_by_arn_then_principal_then_invoker(string identity, string id, string type)
    {
        JsonObject record = Record();
        record["userIdentity"] = JsonNode.Parse(identity);
        JsonElement claim = Claim(record);
        Assert.Equal((id, type), (ClaimRules.Text(claim, "actor.id"), ClaimRules.Text(claim, "actor.type")));
        Assert.Equal(identity.Contains("Root", StringComparison.Ordinal), ClaimRules.Member(claim, "actor.privileged") is { ValueKind: JsonValueKind.True });
    }

    [Fact]
    public void An_actor_id_is_never_cut()
    {
        JsonObject record = Record();
        record["userIdentity"]!["arn"] = "arn:" + new string('a', 300);
        record["userIdentity"]!["principalId"] = "AIDA1";
        Assert.Equal("AIDA1", ClaimRules.Text(Claim(record), "actor.id"));

        record["userIdentity"] = new JsonObject { ["arn"] = new string('a', 300) };
        Assert.Equal("/userIdentity", Fault(record).Pointer);
    }

    [Fact]
    public void A_role_session_names_its_role_its_second_factor_and_its_session()
    {
        JsonObject record = Record();
        record["userIdentity"] = JsonNode.Parse("""
            {"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/ops/m","accessKeyId":"ASIAEXAMPLE1","invokedBy":"x.amazonaws.com",
             "sessionContext":{"sessionIssuer":{"type":"Role","userName":"ops"},"attributes":{"mfaAuthenticated":"true"},
             "webIdFederationData":{"federatedProvider":"accounts.example"}}}
            """);
        JsonElement claim = Claim(record);
        Assert.Equal("ops", claim.GetProperty("actor").GetProperty("roles")[0].GetString());
        Assert.True(claim.GetProperty("auth").GetProperty("mfa").GetBoolean());
        Assert.Equal("ASIAEXAMPLE1", ClaimRules.Text(claim, "auth.session_id"));
        Assert.Equal("accounts.example", ClaimRules.Text(claim, "actor.issuer"));
        Assert.Equal("x.amazonaws.com", ClaimRules.Text(claim, "labels.invoked_by"));
    }

    [Theory]
    [InlineData("AccessDenied", true)]
    [InlineData("AccessDeniedException", true)]
    [InlineData("Client.UnauthorizedOperation", true)]
    [InlineData("NotAuthorizedException", true)]
    [InlineData("AuthorizationError", true)]
    [InlineData("VpceAccessDenied", true)]
    [InlineData("ThrottlingException", false)]
    [InlineData("NoSuchBucketPolicy", false)]
    public void An_error_is_a_failure_and_only_a_refusal_is_a_denial(string code, bool denied)
    {
        JsonObject record = Record();
        record["errorCode"] = code;
        record["errorMessage"] = "because";
        JsonElement claim = Claim(record);
        Assert.Equal("failure", ClaimRules.Text(claim, "outcome"));
        Assert.Equal(code, ClaimRules.Text(claim, "outcome_code"));
        Assert.Equal("because", ClaimRules.Text(claim, "outcome_reason"));
        Assert.Equal(denied ? "deny" : null, ClaimRules.Text(claim, "decision.effect"));
    }

    [Fact]
    public void A_refused_sign_in_without_an_error_code_is_a_failure()
    {
        JsonObject record = Record("signin", "ConsoleLogin", readOnly: false);
        record["eventType"] = "AwsConsoleSignIn";
        record["responseElements"] = new JsonObject { ["ConsoleLogin"] = "Failure" };
        record["additionalEventData"] = new JsonObject { ["MFAUsed"] = "No" };
        JsonElement claim = Claim(record);
        Assert.Equal(("failure", "login", "authentication"), (
            ClaimRules.Text(claim, "outcome"), ClaimRules.Text(claim, "operation"), ClaimRules.Text(claim, "category")));
        Assert.False(claim.GetProperty("auth").GetProperty("mfa").GetBoolean());
    }

    [Fact]
    public void What_a_service_tells_of_itself_has_an_unknown_outcome()
    {
        JsonObject record = Record();
        record["eventType"] = "AwsServiceEvent";
        Assert.Equal("unknown", ClaimRules.Text(Claim(record), "outcome"));
    }

    [Theory]
    [InlineData("ec2", "DescribeInstances", true, "read", "config")]
    [InlineData("ec2", "RunInstances", false, "create", "config")]
    [InlineData("ec2", "AuthorizeSecurityGroupIngress", false, "grant", "config")]
    [InlineData("ec2", "TerminateInstances", false, "delete", "config")]
    [InlineData("ec2", "GetPasswordData", true, "read", "data_access")]
    [InlineData("s3", "ListBuckets", true, "list", "config")]
    [InlineData("s3", "PutBucketPolicy", false, "update", "authorization")]
    [InlineData("sts", "AssumeRole", true, "login", "authentication")]
    [InlineData("sts", "GetSessionToken", true, "login", "authentication")]
    [InlineData("sts", "GetCallerIdentity", true, "read", "config")]
    [InlineData("iam", "CreateUser", false, "create", "identity_admin")]
    [InlineData("iam", "AttachRolePolicy", false, "grant", "identity_admin")]
    [InlineData("iam", "DeleteRolePolicy", false, "revoke", "identity_admin")]
    [InlineData("iam", "ListUsers", true, "list", "config")]
    [InlineData("kms", "Decrypt", true, "execute", "data_access")]
    [InlineData("kms", "ReEncrypt", false, "execute", "data_access")]
    [InlineData("kms", "ScheduleKeyDeletion", false, "delete", "config")]
    [InlineData("secretsmanager", "GetSecretValue", true, "read", "data_access")]
    [InlineData("ssm", "StartSession", false, "connect", "session")]
    [InlineData("ssm", "PutParameter", false, "update", "data_change")]
    [InlineData("cloudtrail", "StopLogging", false, "disable", "audit")]
    [InlineData("cloudtrail", "LookupEvents", true, "search", "audit")]
    [InlineData("lambda", "AddPermission20150331v2", false, "grant", "authorization")]
    [InlineData("dynamodb", "BatchGetItem", true, "read", "config")]
    [InlineData("x", "Frobnicate", false, "other", "config")]
    [InlineData("x", "Frobnicate", true, "read", "config")]
    public void Tells_operation_and_category_by_the_table(string service, string eventName, bool readOnly, string operation, string category)
    {
        JsonElement claim = Claim(Record(service, eventName, readOnly));
        Assert.Equal((operation, category), (ClaimRules.Text(claim, "operation"), ClaimRules.Text(claim, "category")));
    }

    [Fact]
    public void Data_events_are_about_data()
    {
        JsonObject read = Record("s3", "GetObject", readOnly: true);
        JsonObject write = Record("s3", "PutObject", readOnly: false);
        read["eventCategory"] = "Data";
        write["eventCategory"] = "Data";
        Assert.Equal("data_access", ClaimRules.Text(Claim(read), "category"));
        Assert.Equal(("data_change", "create"), (ClaimRules.Text(Claim(write), "category"), ClaimRules.Text(Claim(write), "operation")));
    }

    [Theory]
    [InlineData("2001:0DB8::0001", "2001:db8::1", null)]
    [InlineData("AWS Internal", null, "AWS Internal")]
    [InlineData("rds.amazonaws.com", null, "rds.amazonaws.com")]
    [InlineData("010.1.1.1", null, "010.1.1.1")]
    [InlineData("1", null, "1")]
    [InlineData("[::1]:80", null, "[::1]:80")]
    public void A_source_that_is_no_ip_address_is_a_hostname(string address, string? ip, string? hostname)
    {
        JsonObject record = Record();
        record["sourceIPAddress"] = address;
        JsonElement claim = Claim(record);
        Assert.Equal((ip, hostname), (ClaimRules.Text(claim, "source.ip"), ClaimRules.Text(claim, "source.hostname")));
    }

    [Theory]
    [InlineData("""[{"type":"AWS::IAM::AccessKey","ARN":"arn:k","accountId":"1"},{"ARN":"arn:l"}]""", "aws_iam_access_key=arn:k aws_s3_resource=arn:l")]
    [InlineData("""[{"type":"AWS::S3::Object","ARNPrefix":"arn:p/"},{"type":"AWS::S3::Bucket"}]""", "aws_s3_object=arn:p/")]
    [InlineData("null", "aws_s3_object=b/k aws_s3_bucket=b")]
    public void Targets_are_the_resources_else_what_the_request_named(string resources, string expected)
    {
        JsonObject record = Record();
        record["resources"] = JsonNode.Parse(resources);
        record["requestParameters"] = new JsonObject { ["bucketName"] = "b", ["key"] = "k" };
        Assert.Equal(expected, Targets(Claim(record)));
    }

    [Theory]
    [InlineData("iam", """{"roleName":"ops","policyArn":"arn:p"}""", "aws_iam_role=ops aws_iam_policy=arn:p")]
    [InlineData("ec2", """{"instancesSet":{"items":[{"instanceId":"i-1"},{"instanceId":"i-2"},{"instanceId":"i-1"}]}}""", "aws_ec2_instance=i-1 aws_ec2_instance=i-2")]
    [InlineData("ssm", """{"names":["/a","/b"]}""", "aws_ssm_parameter=/a aws_ssm_parameter=/b")]
    [InlineData("ec2", """{"maxResults":5}""", "aws_service=ec2:eu-north-1:111122223333")]
    [InlineData("ec2", "null", "aws_service=ec2:eu-north-1:111122223333")]
    public void A_request_that_names_nothing_is_about_the_service(string service, string parameters, string expected)
    {
        JsonObject record = Record(service, "Frobnicate", readOnly: false);
        record["requestParameters"] = JsonNode.Parse(parameters);
        Assert.Equal(expected, Targets(Claim(record)));
    }

    [Fact]
    public void What_is_cut_is_marked_with_its_size()
    {
        JsonObject record = Record();
        record["errorCode"] = new string('E', 65);
        record["userAgent"] = new string('é', 300);
        record["resources"] = new JsonArray([.. Enumerable.Range(0, 40).Select(i => new JsonObject { ["ARN"] = $"arn:{i:00}" })]);
        JsonElement claim = Claim(record);
        Assert.Equal(new string('E', 64), ClaimRules.Text(claim, "outcome_code"));
        Assert.Equal(new string('é', 256), ClaimRules.Text(claim, "source.user_agent"));
        Assert.Equal(32, claim.GetProperty("targets").GetArrayLength());
        Assert.Equal(
            """[{"path":"/outcome_code","original_bytes":65},{"path":"/targets","original_bytes":240},{"path":"/source/user_agent","original_bytes":600}]""",
            claim.GetProperty("truncated").GetRawText());
    }

    [Theory]
    [InlineData("eventID", null, "/eventID")]
    [InlineData("eventID", "\"a b\"", "/eventID")]
    [InlineData("eventID", "\"a\\n\"", "/eventID")]
    [InlineData("eventTime", "\"2025-02-03T04:05:06+01:00\"", "/eventTime")]
    [InlineData("eventTime", "\"2025-02-30T04:05:06Z\"", "/eventTime")]
    [InlineData("eventTime", "1738555506", "/eventTime")]
    [InlineData("eventSource", "\"\"", "/eventSource")]
    [InlineData("eventName", "\"??\"", "/eventName")]
    [InlineData("userIdentity", "\"mira\"", "/userIdentity")]
    [InlineData("userIdentity", """{"arn":5}""", "/userIdentity/arn")]
    [InlineData("resources", "{}", "/resources")]
    [InlineData("resources", "[5]", "/resources/0")]
    [InlineData("readOnly", "\"perhaps\"", "/readOnly")]
    [InlineData("requestParameters", """{"a/b":[1,9007199254740993]}""", "/requestParameters/a~1b/1")]
    [InlineData("requestParameters", """{"n":9007199254740992}""", "/requestParameters/n")]
    [InlineData("requestParameters", """{"n":0.1000000000000000055}""", "/requestParameters/n")]
    [InlineData("requestParameters", """{"n":1e999}""", "/requestParameters/n")]
    [InlineData("requestParameters", """{"n":"\ud800"}""", "/requestParameters/n")]
    [InlineData("requestParameters", """{"x":1,"x":1}""", "/requestParameters/x")]
    [InlineData("requestParameters", """{"$pii":{}}""", "/requestParameters/$pii")]
    public void A_record_that_has_no_true_form_is_a_fault_at_its_pointer(string member, string? value, string pointer)
    {
        JsonObject record = Record();
        record.Remove(member);
        string json = record.ToJsonString();
        json = value is null ? json : $"{json[..^1]},\"{member}\":{value}}}";
        ImportFault fault = Assert.IsType<ImportFault>(CloudTrailMapping.Map(Encoding.UTF8.GetBytes(json), Position, keepOriginal: true));
        Assert.Equal((pointer, Position), (fault.Pointer, fault.Position));
    }

    [Theory]
    [InlineData("9007199254740991", true)]
    [InlineData("-9007199254740991", true)]
    [InlineData("9007199254740991.5", false)]
    [InlineData("0.1", true)]
    [InlineData("1.50", true)]
    [InlineData("-0", true)]
    [InlineData("0e99999999999999999999", true)]
    [InlineData("1e-7", true)]
    [InlineData("12e14", true)]
    [InlineData("0.30000000000000004", true)]
    [InlineData("0.300000000000000041", false)]
    [InlineData("1e-400", false)]
    [InlineData("5e-324", true)]
    [InlineData("1e16", false)]
    public void A_number_is_exact_where_its_canonical_form_is_the_same_decimal(string number, bool exact) =>
        Assert.Equal(exact, RecordCheck.IsExact(number));

    [Fact]
    public void A_record_too_large_for_an_entry_is_a_fault_and_not_cut()
    {
        JsonObject record = Record();
        record["requestParameters"] = new JsonObject { ["text"] = new string('x', 70_000) };
        Assert.Contains("65535", Fault(record).Detail, StringComparison.Ordinal);
        Assert.IsType<ImportedClaim>(Item(record, OriginalMode.None));
    }

    internal static readonly ImportPosition Position = new("a.json", 7, 99);

    internal static JsonObject Record(string service = "s3", string eventName = "GetBucketAcl", bool readOnly = true, int number = 1) => new()
    {
        ["eventVersion"] = "1.09",
        ["userIdentity"] = new JsonObject
        {
            ["type"] = "IAMUser",
            ["principalId"] = "AIDAEXAMPLE0000000001",
            ["arn"] = "arn:aws:iam::111122223333:user/mira",
            ["accountId"] = "111122223333",
            ["accessKeyId"] = "AKIAEXAMPLE0000000001",
            ["userName"] = "mira",
        },
        ["eventTime"] = "2025-02-03T04:05:06Z",
        ["eventSource"] = service + ".amazonaws.com",
        ["eventName"] = eventName,
        ["awsRegion"] = "eu-north-1",
        ["sourceIPAddress"] = "192.0.2.10",
        ["userAgent"] = "own-tool/1",
        ["requestParameters"] = null,
        ["responseElements"] = null,
        ["requestID"] = "REQ1",
        ["eventID"] = $"7b0c1f5e-0000-4000-8000-{number:000000000000}",
        ["readOnly"] = readOnly,
        ["eventType"] = "AwsApiCall",
        ["eventCategory"] = "Management",
        ["recipientAccountId"] = "111122223333",
    };

    private static ImportedItem Item(JsonObject record, OriginalMode original) =>
        Assert.Single(new CloudTrailImport(original).Read(new MemoryStream(Encoding.UTF8.GetBytes(record.ToJsonString())), "a.json"));

    private static JsonElement Claim(JsonObject record) => ClaimRules.Check(Assert.IsType<ImportedClaim>(Item(record, OriginalMode.Personal)).Utf8);

    private static ImportFault Fault(JsonObject record) => Assert.IsType<ImportFault>(Item(record, OriginalMode.Personal));

    private static bool ClaimBytes(ImportedItem left, ImportedItem right) =>
        ((ImportedClaim)left).Utf8.Span.SequenceEqual(((ImportedClaim)right).Utf8.Span);

    private static string Targets(JsonElement claim) => string.Join(
        ' ', claim.GetProperty("targets").EnumerateArray().Select(t => $"{ClaimRules.Text(t, "type")}={ClaimRules.Text(t, "id")}"));
}
