using System.Globalization;
using System.Text.Json;

namespace Indelible.Cli.Import;

/// <summary>One thing that an event was done to.</summary>
/// <param name="Type">Lower snake case, such as <c>aws_s3_bucket</c>.</param>
/// <param name="Id">Its ARN, or the name by which the request called it.</param>
/// <param name="Owner">The account that it belongs to, or <see langword="null"/>.</param>
internal sealed record CloudTrailTarget(string Type, string Id, string? Owner);

/// <summary>Finds what a CloudTrail event was done to.</summary>
/// <remarks>
/// <c>resources</c> where the service filled it in; else what the request named, for the parameters in the table; else the service
/// itself in its region and account, which is true of every call.
/// </remarks>
internal static class CloudTrailTargets
{
    // Service ("*" is any), request parameter, target type. In the order in which the targets are listed.
    private static readonly (string Service, string Parameter, string Type)[] Parameters =
    [
        ("s3", "bucketName", "aws_s3_bucket"),
        ("secretsmanager", "secretId", "aws_secretsmanager_secret"),
        ("ssm", "name", "aws_ssm_parameter"),
        ("ssm", "names", "aws_ssm_parameter"),
        ("ssm", "target", "aws_ec2_instance"),
        ("kms", "keyId", "aws_kms_key"),
        ("kms", "targetKeyId", "aws_kms_key"),
        ("sts", "roleArn", "aws_iam_role"),
        ("iam", "userName", "aws_iam_user"),
        ("iam", "roleName", "aws_iam_role"),
        ("iam", "groupName", "aws_iam_group"),
        ("iam", "instanceProfileName", "aws_iam_instance_profile"),
        ("iam", "policyArn", "aws_iam_policy"),
        ("iam", "policyName", "aws_iam_policy"),
        ("iam", "accessKeyId", "aws_iam_access_key"),
        ("lambda", "functionName", "aws_lambda_function"),
        ("dynamodb", "tableName", "aws_dynamodb_table"),
        ("sqs", "queueUrl", "aws_sqs_queue"),
        ("sns", "topicArn", "aws_sns_topic"),
        ("logs", "logGroupName", "aws_logs_log_group"),
        ("ecr", "repositoryName", "aws_ecr_repository"),
        ("eks", "name", "aws_eks_cluster"),
        ("ecs", "cluster", "aws_ecs_cluster"),
        ("cloudtrail", "name", "aws_cloudtrail_trail"),
        ("cloudtrail", "trailName", "aws_cloudtrail_trail"),
        ("cloudtrail", "trailNameList", "aws_cloudtrail_trail"),
        ("guardduty", "detectorId", "aws_guardduty_detector"),
        ("rds", "dBInstanceIdentifier", "aws_rds_db_instance"),
        ("rds", "dBSnapshotIdentifier", "aws_rds_db_snapshot"),
        ("rds", "dBClusterIdentifier", "aws_rds_db_cluster"),
        ("ssm", "instanceIds", "aws_ec2_instance"),
        ("*", "instanceId", "aws_ec2_instance"),
        ("*", "instancesSet", "aws_ec2_instance"),
        ("*", "volumeId", "aws_ec2_volume"),
        ("*", "snapshotId", "aws_ec2_snapshot"),
        ("ec2", "imageId", "aws_ec2_image"),
        ("ec2", "keyName", "aws_ec2_key_pair"),
        ("ec2", "groupId", "aws_ec2_security_group"),
        ("ec2", "networkInterfaceId", "aws_ec2_network_interface"),
        ("ec2", "internetGatewayId", "aws_ec2_internet_gateway"),
        ("ec2", "natGatewayId", "aws_ec2_nat_gateway"),
        ("ec2", "routeTableId", "aws_ec2_route_table"),
        ("ec2", "allocationId", "aws_ec2_elastic_ip"),
        ("ec2", "subnetId", "aws_ec2_subnet"),
        ("ec2", "vpcId", "aws_ec2_vpc"),
    ];

    /// <summary>All targets of a record, at least one, without repeats; more than an event holds where the record lists more.</summary>
    /// <param name="record">The record.</param>
    /// <param name="service">The service, such as <c>s3</c>.</param>
    /// <param name="region">The record's region, or empty.</param>
    /// <param name="account">The account that received the call, or empty.</param>
    /// <exception cref="MappingException"><c>resources</c> is not a list of objects.</exception>
    public static IReadOnlyList<CloudTrailTarget> Find(JsonElement record, string service, string region, string account)
    {
        List<CloudTrailTarget> found = FromResources(record, service);
        if (found.Count == 0)
        {
            found = FromParameters(record, service);
        }

        if (found.Count == 0)
        {
            string place = string.Join(':', new[] { service, region, account }.Where(part => part.Length > 0));
            found.Add(new CloudTrailTarget("aws_service", place, account.Length > 0 ? account : null));
        }

        return [.. found.DistinctBy(target => (target.Type, target.Id))];
    }

    private static List<CloudTrailTarget> FromResources(JsonElement record, string service)
    {
        var found = new List<CloudTrailTarget>();
        if (!record.TryGetProperty("resources", out JsonElement resources) || resources.ValueKind == JsonValueKind.Null)
        {
            return found;
        }

        if (resources.ValueKind != JsonValueKind.Array)
        {
            throw new MappingException("/resources", $"A list is wanted, not {resources.ValueKind}.");
        }

        int index = 0;
        foreach (JsonElement resource in resources.EnumerateArray())
        {
            var fields = new RecordFields(resource, string.Create(CultureInfo.InvariantCulture, $"/resources/{index++}"));
            string? id = fields.Text("ARN") ?? fields.Text("ARNPrefix");
            if (id is not null)
            {
                found.Add(new CloudTrailTarget(TypeOf(fields.Text("type"), service), id, fields.Text("accountId")));
            }
        }

        return found;
    }

    private static List<CloudTrailTarget> FromParameters(JsonElement record, string service)
    {
        var found = new List<CloudTrailTarget>();
        if (!record.TryGetProperty("requestParameters", out JsonElement parameters) || parameters.ValueKind != JsonValueKind.Object)
        {
            return found;
        }

        // An object is its bucket and its key; the bucket is named as well, so that its whole history is one query.
        if (service == "s3" && Scalar(parameters, "bucketName") is { } bucket && Scalar(parameters, "key") is { } key)
        {
            found.Add(new CloudTrailTarget("aws_s3_object", $"{bucket}/{key}", null));
        }

        foreach ((string owner, string parameter, string type) in Parameters)
        {
            if ((owner == service || owner == "*") && parameters.TryGetProperty(parameter, out JsonElement value))
            {
                found.AddRange(Ids(value).Select(id => new CloudTrailTarget(type, id, null)));
            }
        }

        return found;
    }

    /// <summary>The ids in a parameter: a text, a list of texts, or EC2's <c>{"items":[{"instanceId":…}]}</c>.</summary>
    private static IEnumerable<string> Ids(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() is { Length: > 0 } id ? [id] : [],
        JsonValueKind.Array => value.EnumerateArray().SelectMany(item => item.ValueKind == JsonValueKind.String ? Ids(item) : []),
        JsonValueKind.Object when value.TryGetProperty("items", out JsonElement items) && items.ValueKind == JsonValueKind.Array =>
            items.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Object ? Scalar(item, "instanceId") : null).OfType<string>(),
        _ => [],
    };

    private static string? Scalar(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    /// <summary>Turns <c>AWS::IAM::AccessKey</c> into <c>aws_iam_access_key</c>: the service's name is kept in one piece.</summary>
    private static string TypeOf(string? resourceType, string service)
    {
        string[] parts = (resourceType ?? "").Split("::", StringSplitOptions.RemoveEmptyEntries);
        IEnumerable<string> words = parts.Length < 2
            ? ["aws", .. ActionName.Words(service), "resource"]
            : parts[..^1].Select(part => string.Concat(ActionName.Words(part))).Append(ActionName.Snake(parts[^1]));
        string type = string.Join('_', words.Where(word => word.Length > 0));
        return type.Length <= 64 ? type : type[..64].TrimEnd('_');
    }
}
